module sluice.invalid/bench

go 1.19
