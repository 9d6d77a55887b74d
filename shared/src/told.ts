/** What becomes of a value that travels as JSON: instants are ISO text. */
export type Told<T> = T extends Date
  ? string
  : T extends readonly (infer One)[]
    ? Told<One>[]
    : T extends object
      ? { [Key in keyof T]: Told<T[Key]> }
      : T
