import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const VERBS = path.resolve(__dirname, '..', '..', 'bff', 'src')

/** Changes whenever the server's answers may have changed: what an older build kept on the phone is then not shown. */
export function serverShape(): string {
  const hash = createHash('sha256')
  const files = readdirSync(VERBS, { recursive: true, encoding: 'utf8' })
  for (const file of files.filter((name) => /(?<!\.test|\.fixture)\.ts$/.test(name)).sort())
    hash.update(readFileSync(path.join(VERBS, file)))
  return hash.digest('hex').slice(0, 12)
}
