/** Where customers' browsers find the picture of an agent, by the id that it has now. */
export function facePath(id: string): string {
  return `/faces/${id}`;
}
