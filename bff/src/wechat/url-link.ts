import { z } from 'zod'
import type { Caller } from './call'
import { callWithToken, type TokenSource } from './token'

/** A page of the released mini-program, without leading slash; `query` as it stands after the `?`, up to 1,024 characters. */
export interface UrlLinkWish {
  path: string
  query: string
  /** Over a minute and up to 30 days from now. */
  expiresAt: Date
  /** Which build it opens; WeChat's default is the released one. */
  envVersion?: 'release' | 'trial' | 'develop'
}

const linkAnswer = z.object({ url_link: z.url() })
const BY_TIME = 0

/**
 * A link that opens the mini-program from a text message, a browser or an official account, POST /wxa/generate_urllink. 500,000 a day
 * for the whole app, so whoever asks keeps what they got until it is over.
 */
export async function urlLink(caller: Caller, source: TokenSource, wish: UrlLinkWish): Promise<{ url: string }> {
  const { path, query, expiresAt, envVersion } = wish
  const got = await callWithToken(caller, source, {
    endpoint: '/wxa/generate_urllink',
    method: 'POST',
    body: {
      path,
      query,
      expire_type: BY_TIME,
      expire_time: Math.floor(expiresAt.getTime() / 1000),
      ...(envVersion ? { env_version: envVersion } : {}),
    },
    effect: 'none',
    secrets: [],
    answer: linkAnswer,
  })
  return { url: got.url_link }
}
