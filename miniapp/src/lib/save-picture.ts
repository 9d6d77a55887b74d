import Taro from '@tarojs/taro'
import type { DrawnOn } from './canvas'

const SCOPE = 'scope.writePhotosAlbum'

export type Saved = 'saved' | 'not_allowed' | 'dropped' | 'failed'

const says = (error: unknown, words: RegExp) => words.test((error as { errMsg?: string })?.errMsg ?? '')

/** Puts the painted canvas into the phone's album. */
export async function saveToAlbum(canvas: DrawnOn): Promise<Saved> {
  try {
    const { tempFilePath } = await Taro.canvasToTempFilePath({
      canvas: canvas as never,
      destWidth: canvas.width,
      destHeight: canvas.height,
      fileType: 'png',
    } as Parameters<typeof Taro.canvasToTempFilePath>[0])
    await Taro.saveImageToPhotosAlbum({ filePath: tempFilePath })
    return 'saved'
  } catch (error) {
    if (says(error, /auth|permission/i)) return 'not_allowed'
    return says(error, /cancel/i) ? 'dropped' : 'failed'
  }
}

/** Opens WeChat's settings; true when the album may be written to afterwards. */
export async function allowAlbum(): Promise<boolean> {
  const { authSetting } = await Taro.openSetting()
  return (authSetting as Record<string, boolean | undefined>)[SCOPE] !== false
}

/** A browser's own way: the picture as a file. */
export function download(picture: string, name: string): void {
  const link = document.createElement('a')
  link.href = picture
  link.download = name
  link.click()
}
