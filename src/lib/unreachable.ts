/** Marks a branch that the types say cannot be reached; throws if the outside proved them wrong. */
export function unreachable(value: never): never {
  throw new Error(`Unexpected case: ${typeof value}`);
}
