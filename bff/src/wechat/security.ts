import { z } from 'zod'
import type { Caller } from './call'
import { callWithToken, type TokenSource } from './token'
import { WechatError } from './wechat-error'

/** Where people will read it: beside a name, under a product, in a forum, or as a post. */
export type ContentScene = 'profile' | 'comment' | 'forum' | 'social'

/** What WeChat found; `label` says what kind of thing, 100 for nothing. */
export interface ContentVerdict {
  suggest: 'pass' | 'review' | 'risky'
  label: number
}

/** Somebody without a visit to the mini-program in the last two hours cannot be asked about. */
export type NoRecentVisit = { refusal: 'no_recent_visit' }

/** Up to 2,500 characters written by this person. */
export interface TextQuestion {
  openid: string
  scene: ContentScene
  text: string
}

/** A picture that WeChat fetches from `url` within minutes. */
export interface MediaQuestion {
  openid: string
  scene: ContentScene
  url: string
}

const SCENE: Record<ContentScene, number> = { profile: 1, comment: 2, forum: 3, social: 4 }
const PICTURE = 2
const NO_RECENT_VISIT = 61010

const verdict = z.object({ suggest: z.enum(['pass', 'review', 'risky']), label: z.coerce.number().int() })
const textAnswer = z.object({ result: verdict })
const mediaAnswer = z.object({ trace_id: z.string().min(1).max(64) })

/** What WeChat says of a text, POST /wxa/msg_sec_check (version 2). */
export const securityText = (
  caller: Caller,
  source: TokenSource,
  { openid, scene, text }: TextQuestion,
): Promise<ContentVerdict | NoRecentVisit> =>
  unlessAway(async () => {
    const got = await callWithToken(caller, source, {
      endpoint: '/wxa/msg_sec_check',
      method: 'POST',
      body: { version: 2, openid, scene: SCENE[scene], content: text },
      effect: 'none',
      secrets: [text],
      answer: textAnswer,
    })
    return got.result
  })

/** Asks WeChat to look at a picture, POST /wxa/media_check_async (version 2); its word comes as the push `wxa_media_check` under `traceId`. */
export const mediaCheck = (
  caller: Caller,
  source: TokenSource,
  { openid, scene, url }: MediaQuestion,
): Promise<{ traceId: string } | NoRecentVisit> =>
  unlessAway(async () => {
    const got = await callWithToken(caller, source, {
      endpoint: '/wxa/media_check_async',
      method: 'POST',
      body: { version: 2, openid, scene: SCENE[scene], media_type: PICTURE, media_url: url },
      effect: 'none',
      secrets: [url],
      answer: mediaAnswer,
    })
    return { traceId: got.trace_id }
  })

async function unlessAway<T>(ask: () => Promise<T>): Promise<T | NoRecentVisit> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof WechatError && error.errcode === NO_RECENT_VISIT) return { refusal: 'no_recent_visit' }
    throw error
  }
}

const checked = z.object({
  trace_id: z.string().min(1).max(64),
  errcode: z.coerce.number().default(0),
  result: verdict.optional(),
})

/** What the push `wxa_media_check` says; `verdict` is null when WeChat could not look. Null for a body that is none. */
export function mediaCheckedIn(
  raw: Record<string, unknown>,
): { traceId: string; verdict: ContentVerdict | null } | null {
  const read = checked.safeParse(raw)
  if (!read.success) return null
  const { trace_id: traceId, errcode, result } = read.data
  return { traceId, verdict: errcode === 0 && result ? result : null }
}
