import Taro from '@tarojs/taro'

/** A page of the mini-program as an address of this browser. */
export const linkOfPath = (path: string): string =>
  `${window.location.origin}${window.location.pathname}#/${path.replace(/^\//, '')}`

/** Copies and says so; false when the browser does not let us. */
export async function copyLink(url: string): Promise<boolean> {
  const copied = await copy(url)
  if (copied) void Taro.showToast({ title: '链接已复制，去发给朋友吧', icon: 'none', duration: 2_000 })
  return copied
}

async function copy(text: string): Promise<boolean> {
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
