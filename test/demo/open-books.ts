import { openDemoDatabase } from './demo-database'

/** The database that a command works on: the one of DATABASE_URL as it is, else the demo's, which is left running if it runs. */
export async function openBooks(): Promise<{ url: string; leave: () => Promise<void> }> {
  const given = process.env.DATABASE_URL
  if (given) return { url: given, leave: async () => {} }
  const demo = await openDemoDatabase()
  return { url: demo.url, leave: demo.started ? demo.stop : async () => {} }
}
