import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DATA } from '../support/project'

const FILE = join(DATA, 'demo', 'secrets.json')

export interface DemoSecrets {
  /** 32 bytes in base64; phones and names in the demo's database are sealed with it. */
  masterKey: string
  /** Between the sandbox and the server, for WeChat's pushes. */
  pushToken: string
  pushAesKey: string
}

/** The demo's secrets, drawn once; MASTER_KEY of the environment comes first, for a database that was sealed with it. */
export function demoSecrets(): DemoSecrets {
  if (!existsSync(FILE)) {
    const drawn: DemoSecrets = {
      masterKey: randomBytes(32).toString('base64'),
      pushToken: randomBytes(16).toString('hex'),
      // 43 characters, as WeChat draws them.
      pushAesKey: randomBytes(32).toString('base64').slice(0, 43),
    }
    mkdirSync(join(DATA, 'demo'), { recursive: true })
    writeFileSync(FILE, JSON.stringify(drawn), { mode: 0o600 })
  }
  const kept = JSON.parse(readFileSync(FILE, 'utf8')) as DemoSecrets
  return { ...kept, masterKey: process.env.MASTER_KEY ?? kept.masterKey }
}
