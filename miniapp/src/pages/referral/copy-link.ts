import { copyText } from '../../lib/copy-text'

/** A page of the mini-program as an address of this browser. */
export const linkOfPath = (path: string): string =>
  `${window.location.origin}${window.location.pathname}#/${path.replace(/^\//, '')}`

/** Copies and says so; false when the browser does not let us. */
export const copyLink = (url: string): Promise<boolean> => copyText(url, '链接已复制，去发给朋友吧')
