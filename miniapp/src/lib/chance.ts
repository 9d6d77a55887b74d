import Taro from '@tarojs/taro'
import { platform } from './device'

/** Bytes that nobody can guess, for keys. WeChat gives them to the patient only; @throws where a phone has none to give. */
export async function randomBytes(length: number): Promise<Uint8Array> {
  if (platform === 'h5') return crypto.getRandomValues(new Uint8Array(length))
  const { randomValues } = await Taro.getRandomValues({ length })
  return new Uint8Array(randomValues)
}
