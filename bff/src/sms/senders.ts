import { z } from 'zod'
import type { SendText } from '../ctx'
import { refuse } from '../refusal'

const TIMEOUT_MS = 5_000
const Taken = z.object({ ok: z.literal(true) })

/** Hands texts to the stand-in provider of demo and tests. @throws Error when it does not take one */
export const sandboxSender =
  (url: string): SendText =>
  async (phone, text) => {
    const response = await fetch(new URL('/sms/send', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ phone, text }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (!response.ok) throw new Error(`the SMS stand-in answered ${response.status}`)
    const answer = Taken.safeParse(await response.json().catch(() => null))
    if (!answer.success) throw new Error('the text was not taken')
  }

/** For a house without a provider: every text is refused. */
export const noSender: SendText = async () => refuse('SERVICE_AWAY')
