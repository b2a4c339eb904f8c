export function ownNodeNeeded() {
  return false;
}
export function runOnOwnNode() {}
