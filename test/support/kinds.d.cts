/** The kinds of tests; see kinds.cjs. */
declare const kinds: {
  kind: string
  says: string
  tests: string[]
  needs: string[]
}[]
export = kinds
