import Taro from '@tarojs/taro'
import { NoAnswer } from '../../lib/request'

const NAME = '一盏会员资料.json'

/** Fetches the file of a one-time link into this mini-program's own folder. → where it lies */
export async function fetchFile(path: string): Promise<string> {
  const filePath = `${Taro.env.USER_DATA_PATH}/${NAME}`
  const got = await Taro.downloadFile({ url: `${BFF_URL}${path}`, filePath }).catch(() => {
    throw new NoAnswer('offline')
  })
  if (got.statusCode !== 200) throw new NoAnswer('offline')
  return got.filePath ?? filePath
}

/** WeChat opens no such file itself: it is sent to a chat, one's own by choice. False when the person thought better of it. */
export const sendFile = (filePath: string): Promise<boolean> =>
  Taro.shareFileMessage({ filePath, fileName: NAME }).then(
    () => true,
    () => false,
  )

/** Nothing of it stays on the phone that was not sent on. */
export const dropFile = (filePath: string): void =>
  Taro.getFileSystemManager().unlink({ filePath, success: () => {}, fail: () => {} })

/** A browser takes it as a download: the server says that it is one, so the page stays. */
export function downloadFile(path: string): void {
  const link = document.createElement('a')
  link.href = path
  link.download = NAME
  link.click()
}
