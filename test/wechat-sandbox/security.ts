import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import sharp from 'sharp'
import { ApiRefusal, type Asked, type Endpoint, getText } from './endpoint'
import { firePush } from './push'
import { findPersonByOpenid, keep, type MediaCheck, type SandboxApp, type World } from './world'

const VISIT_WINDOW_MS = 2 * 3600_000
const MOST_CHARACTERS = 2_500
const MOST_BYTES = 10 * 1024 * 1024
const FETCH_MS = 5_000
/** How soon the word on a picture is pushed; in life seconds to half an hour. */
const LOOKS_MS = 300

interface Found {
  suggest: 'pass' | 'review' | 'risky'
  label: number
}

const CLEAN: Found = { suggest: 'pass', label: 100 }
const CRIME: Found = { suggest: 'risky', label: 20006 }
const PORN: Found = { suggest: 'risky', label: 20002 }
const ADS: Found = { suggest: 'review', label: 10001 }
const OTHER: Found = { suggest: 'review', label: 21000 }

export const securityEndpoints: Endpoint[] = [
  {
    path: '/wxa/msg_sec_check',
    method: 'POST',
    token: true,
    answer(world, asked, app) {
      checkAsker(world, asked, app)
      const content = getText(asked.body, 'content')
      if (content.length > MOST_CHARACTERS) throw new ApiRefusal(47001, 'data format error')
      const result = foundInText(content)
      const detail = [{ strategy: 'content_model', errcode: 0, ...result, prob: 90 }]
      return { errcode: 0, errmsg: 'ok', trace_id: newTrace(), result, detail }
    },
  },
  {
    path: '/wxa/media_check_async',
    method: 'POST',
    token: true,
    answer(world, asked, app) {
      const openid = checkAsker(world, asked, app)
      const url = getText(asked.body, 'media_url')
      if (![1, 2].includes(asked.body.media_type as number) || !/^https?:\/\//.test(url))
        throw new ApiRefusal(47001, 'data format error')
      const check: MediaCheck = { traceId: newTrace(), appid: app.appid, openid, url, pushed: false }
      keep(world.media, check)
      if (app.push) void pause(LOOKS_MS, undefined, { ref: false }).then(() => pushMedia(world, check.traceId))
      return { errcode: 0, errmsg: 'ok', trace_id: check.traceId }
    },
  },
]

/** Version, scene and the person, who must have been in the mini-program within two hours. → their openid */
function checkAsker(world: World, { body }: Asked, app: SandboxApp): string {
  const openid = getText(body, 'openid')
  if (body.version !== 2) throw new ApiRefusal(47001, 'data format error')
  if (![1, 2, 3, 4].includes(body.scene as number)) throw new ApiRefusal(40129, 'invalid scene')
  const person = findPersonByOpenid(world, app.appid, openid)
  if (!person) throw new ApiRefusal(40003, 'invalid openid')
  const visitedAt = person.visitedAt[app.appid]
  if (visitedAt === undefined || world.clock.now() - visitedAt > VISIT_WINDOW_MS)
    throw new ApiRefusal(61010, 'user visit record expired')
  return openid
}

/** 违禁 stands for everything that is forbidden, 加微信 for what somebody should look at. */
function foundInText(content: string): Found {
  if (content.includes('违禁')) return CRIME
  return content.includes('加微信') ? ADS : CLEAN
}

/** Fetches the picture as WeChat does, looks at it and pushes what it found. Throws for a name that was never given. */
export async function pushMedia(world: World, traceId: string, said?: Found): Promise<boolean> {
  const check = world.media.find((one) => one.traceId === traceId)
  const app = check && world.apps.get(check.appid)
  if (!check || !app?.push) throw new Error(`no check ${traceId} that could be pushed`)
  const found = said ?? (await look(check.url))
  const fields = {
    appid: app.appid,
    trace_id: traceId,
    version: 2,
    ...(found
      ? {
          errcode: 0,
          errmsg: 'ok',
          result: found,
          detail: [{ strategy: 'content_model', errcode: 0, ...found, prob: 90 }],
        }
      : { errcode: -1008, errmsg: 'download media failed', detail: [] }),
  }
  const order = { appid: app.appid, openid: check.openid, event: 'wxa_media_check', fields }
  const { accepted } = await firePush(app.push, order, world.clock.now())
  check.pushed = accepted
  return accepted
}

/** A picture that is mostly magenta is forbidden here, mostly cyan is doubtful; null when it cannot be fetched. */
async function look(url: string): Promise<Found | null> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(FETCH_MS) })
    const bytes = Buffer.from(await answer.arrayBuffer())
    if (!answer.ok || bytes.length > MOST_BYTES) return null
    const { channels } = await sharp(bytes).stats()
    const [red, green, blue] = channels.map(({ mean }) => mean > 170)
    const dark = (channels[1]?.mean ?? 255) < 85
    if (red && blue && dark) return PORN
    return !red && green && blue && (channels[0]?.mean ?? 255) < 85 ? OTHER : CLEAN
  } catch {
    return null
  }
}

const newTrace = () => [0, 1, 2].map(() => randomBytes(4).toString('hex')).join('-')
