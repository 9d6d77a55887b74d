import { DEMO_POLICY } from '@huiyuan/shared/policy'
import Taro from '@tarojs/taro'
import { TRPCClientError } from '@trpc/client'
import { type Trouble, withToken } from './api'
import { pickInBrowser } from './browser-pictures'
import { NoAnswer } from './request'
import { shrinkPicture } from './shrink-picture'

/** A picture on this phone, not sent yet. */
export interface ChosenPicture {
  /** Also what shows it meanwhile, as the `src` of an image. */
  path: string
  bytes: number
}

/** A picture that the server keeps. `checking`: WeChat has not looked yet, and it may be handed in already. */
export interface SentPicture {
  uploadId: string
  state: 'checking' | 'passed' | 'doubtful' | 'refused'
  width: number
  height: number
  /** For {@link pictureUrl}; good for an hour. */
  url: string
}

/** A sending is given up after this long; WeChat's own bound. */
const TIMEOUT_MS = 60_000
const { mostBytes } = DEMO_POLICY.uploads
const TOO_LARGE = { code: 'UPLOAD_TOO_LARGE', detail: { mostBytes } } as const

/** Lets the person pick up to `most` pictures or take one; none when they change their mind. */
export async function choosePictures(most: number): Promise<ChosenPicture[]> {
  // a browser does not count
  if (process.env.TARO_ENV === 'h5') return (await pickInBrowser(most)).slice(0, most)
  try {
    const { tempFiles } = await Taro.chooseMedia({
      count: most,
      mediaType: ['image'],
      sourceType: ['album', 'camera'],
      sizeType: ['compressed'],
    })
    return tempFiles.slice(0, most).map(({ tempFilePath, size }) => ({ path: tempFilePath, bytes: size }))
  } catch (error) {
    if (/cancel|abort/i.test((error as { errMsg?: string })?.errMsg ?? '')) return []
    throw error
  }
}

/**
 * Sends one picture, in a browser first made small, a part of 0 to 1 as `onProgress` says. What goes wrong is thrown as the calls of `api`
 * throw it: `faultOf` names it (UPLOAD_TYPE, UPLOAD_BROKEN, UPLOAD_PIXELS, UPLOAD_TOO_LARGE, UPLOAD_LIMIT, TOO_MANY, SESSION_OVER, OFFLINE,
 * SLOW). Sending the same picture again within the hour gives the same `uploadId`.
 */
export async function sendPicture(
  picture: ChosenPicture,
  onProgress: (part: number) => void = () => {},
): Promise<SentPicture> {
  // WeChat has done it already where it was chosen
  const sent = process.env.TARO_ENV === 'h5' ? await shrinkPicture(picture) : picture
  if (!sent) throw refusal({ code: 'UPLOAD_TYPE', detail: {} })
  try {
    if (sent.bytes > mostBytes) throw refusal(TOO_LARGE)
    return await withToken(async (header) => answerIn(await post(sent.path, header, onProgress)))
  } finally {
    if (sent !== picture) URL.revokeObjectURL(sent.path)
  }
}

/** The address of a picture that the server keeps, from the path that it gave. */
export const pictureUrl = (path: string): string => `${BFF_URL}${path}`

interface Answer {
  statusCode: number
  data: string
}

function post(path: string, header: Record<string, string>, onProgress: (part: number) => void): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const task = Taro.uploadFile({
      url: `${BFF_URL}/upload`,
      filePath: path,
      name: 'file',
      header,
      timeout: TIMEOUT_MS,
      success: ({ statusCode, data }) => resolve({ statusCode, data }),
      fail: ({ errMsg }) => reject(new NoAnswer(/time.?out/i.test(errMsg ?? '') ? 'slow' : 'offline')),
    })
    task.progress?.(({ progress }) => onProgress(Math.min(1, progress / 100)))
    // Taro rejects a promise of its own besides, which nobody would catch
    task.catch?.(() => {})
  })
}

function answerIn({ statusCode, data }: Answer): SentPicture {
  const said = readJson(data)
  if (statusCode === 200 && said) return said as SentPicture
  // something on the way that knows only sizes
  if (!said && statusCode === 413) throw refusal(TOO_LARGE)
  throw TRPCClientError.from((said ?? {}) as Error)
}

/** As the server would have said it. */
const refusal = (fault: Trouble) =>
  TRPCClientError.from({ error: { code: -32600, message: fault.code, data: { fault } } } as unknown as Error)

function readJson(text: string): object | null {
  try {
    return JSON.parse(text) as object
  } catch {
    return null
  }
}
