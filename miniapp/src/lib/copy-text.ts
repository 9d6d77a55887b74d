import Taro from '@tarojs/taro'

/** Copies and says so; false when the phone does not let us. */
export async function copyText(text: string, said: string): Promise<boolean> {
  const copied = process.env.TARO_ENV === 'weapp' ? await copyInWechat(text) : await copyInBrowser(text)
  if (copied) void Taro.showToast({ title: said, icon: 'none', duration: 2_000 })
  return copied
}

const copyInWechat = (text: string): Promise<boolean> =>
  Taro.setClipboardData({ data: text }).then(
    () => true,
    () => false,
  )

async function copyInBrowser(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copyBySelection(text)
  }
}

/** For pages without https and older browsers. */
function copyBySelection(text: string): boolean {
  const field = document.createElement('textarea')
  field.value = text
  field.readOnly = true
  field.style.cssText = 'position:fixed;opacity:0'
  document.body.appendChild(field)
  field.select()
  const copied = document.execCommand('copy')
  field.remove()
  return copied
}
