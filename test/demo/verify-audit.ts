import { databaseName, runOnce } from '@huiyuan/prisma/database/databases'
import { type AuditFinding, auditedStores, verifyAudit } from '../../bff/src/audit/verify-audit'
import { openDatabase } from '../../bff/src/db'
import { openBooks } from './open-books'

const count = (amount: number) => amount.toLocaleString('en')

const lineOf = ({ storeId, entries, brokenAt }: AuditFinding): string =>
  `  ${storeId.padEnd(16)} ${count(entries).padStart(9)} entries   ${brokenAt === null ? 'intact' : `BROKEN at entry ${count(brokenAt)}`}`

async function expectChains(url: string): Promise<void> {
  const { rows } = await runOnce(url, "SELECT to_regclass('audit_head') AS found")
  if (!rows[0]?.found)
    throw new Error(`there is no record in ${databaseName(url)}; "pnpm start" or "pnpm db:deploy" makes it`)
}

/** Computes the record of every store anew from its entries; ends with 1 when one was touched. */
async function main(): Promise<void> {
  const { url, leave } = await openBooks()
  try {
    await expectChains(url)
    const { prisma, close } = openDatabase(url, 2, 'huiyuan audit')
    try {
      console.log(`Computing what the stores of ${databaseName(url)} did, entry by entry`)
      const findings: AuditFinding[] = []
      for (const storeId of await auditedStores({ db: prisma })) {
        const finding = await verifyAudit({ db: prisma }, storeId)
        findings.push(finding)
        console.log(lineOf(finding))
      }
      const broken = findings.filter(({ intact }) => !intact)
      const entries = findings.reduce((sum, finding) => sum + finding.entries, 0)
      if (broken.length === 0) return console.log(`\nAll ${count(entries)} entries stand as they were written.`)
      console.error(`\nThe record was touched in ${broken.map(({ storeId }) => storeId).join(', ')}.`)
      process.exitCode = 1
    } finally {
      await close()
    }
  } finally {
    await leave()
  }
}

main().catch((error: unknown) => {
  console.error((error as Error).message)
  process.exitCode = 1
})
