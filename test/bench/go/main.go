// The same job in Go: lines into calls into rows, N at once, by a group with a limit. The group does what
// errgroup's Go and SetLimit do, in a few lines, so that it builds with no network.
//
//	go build -o /tmp/bench . && /tmp/bench 50 < urls > rows
package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

func main() {
	concurrency := 50
	if len(os.Args) > 1 {
		n, err := strconv.Atoi(os.Args[1])
		if err != nil || n < 1 {
			fmt.Fprintln(os.Stderr, "usage: bench CONCURRENCY < urls > rows")
			os.Exit(2)
		}
		concurrency = n
	}
	client := &http.Client{Transport: &http.Transport{
		MaxConnsPerHost:     concurrency,
		MaxIdleConnsPerHost: concurrency,
		DisableCompression:  true,
	}}

	rows := &rowWriter{out: bufio.NewWriterSize(os.Stdout, 64*1024)}
	group := newGroup(concurrency)
	lines := bufio.NewScanner(os.Stdin)
	for index := 0; lines.Scan(); index++ {
		index, url := index, lines.Text()
		group.Go(func() { rows.write(call(client, index, url)) })
	}
	group.Wait()
	if err := rows.out.Flush(); err != nil {
		os.Exit(4)
	}
}

// call makes one request and returns its row.
func call(client *http.Client, index int, url string) string {
	started := time.Now()
	response, err := client.Get(url)
	if err != nil {
		return fmt.Sprintf(`{"index":%d,"ok":false,"url":%q,"error":%q}`+"\n", index, url, err.Error())
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Sprintf(`{"index":%d,"ok":false,"url":%q,"error":%q}`+"\n", index, url, err.Error())
	}
	ms := float64(time.Since(started).Microseconds()) / 1000
	return fmt.Sprintf(`{"index":%d,"ok":true,"url":%q,"status":%d,"duration_ms":%.3f,"body":%s}`+"\n",
		index, url, response.StatusCode, ms, body)
}

// group runs functions, at most so many at once; Go waits for a place.
type group struct {
	places  chan struct{}
	running sync.WaitGroup
}

func newGroup(limit int) *group {
	return &group{places: make(chan struct{}, limit)}
}

func (g *group) Go(work func()) {
	g.places <- struct{}{}
	g.running.Add(1)
	go func() {
		defer func() { <-g.places; g.running.Done() }()
		work()
	}()
}

func (g *group) Wait() { g.running.Wait() }

// rowWriter lets many goroutines write whole rows.
type rowWriter struct {
	mutex sync.Mutex
	out   *bufio.Writer
}

func (w *rowWriter) write(row string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	_, _ = w.out.WriteString(row)
}
