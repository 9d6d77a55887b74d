import type { Wants } from '@huiyuan/shared/obligation-proof'
import type { Photo } from './photos'
import type { Submission } from './standing'

/** What somebody is about to hand in. */
export interface HandIn {
  text: string
  link: string
  /** 0 while no star is given. */
  rating: number
  /** The purchase that it is about; empty while none is chosen. */
  order: string
  photos: Photo[]
}

/** What the form begins with: what was written last time, its purchase, or the only one there is. Pictures are taken anew. */
export function startOf(
  submission: Pick<Submission, 'text' | 'link' | 'rating' | 'orderId' | 'state'> | null,
  purchases: { orderId: string }[],
): Omit<HandIn, 'photos'> {
  const before = submission?.state === 'rejected' ? submission : null
  const likely = purchases.length === 1 ? purchases[0] : purchases.find(({ orderId }) => orderId === before?.orderId)
  return {
    text: before?.text ?? '',
    link: before?.link ?? '',
    rating: before?.rating ?? 0,
    order: likely?.orderId ?? '',
  }
}

const letters = (text: string) => [...text.trim()].length
const looksLikeLink = (link: string) => /^https:\/\/[^\s/]+\.[^\s/]+/.test(link.trim())

/** What is still missing, in the order of the form; nothing when it can be handed in. */
export function missingOf(form: HandIn, wants: Wants): string[] {
  const { photos, text } = wants
  const sent = form.photos.filter(({ state }) => state === 'sent').length
  const missing: string[] = []
  if (wants.order && !form.order) missing.push('选一笔消费')
  if (wants.rating && form.rating === 0) missing.push('打几颗星')
  if (text && letters(form.text) < text.min) missing.push(`再写 ${text.min - letters(form.text)} 个字`)
  if (wants.link && !looksLikeLink(form.link)) missing.push(form.link.trim() ? '链接要以 https:// 开头' : '填上链接')
  if (form.photos.some(({ state }) => state === 'sending')) missing.push('等照片传完')
  else if (form.photos.some(({ state }) => state === 'failed')) missing.push('有照片没传上')
  else if (photos && sent < photos.min) missing.push(`再加 ${photos.min - sent} 张照片`)
  return missing
}

/** The hand-in as the server takes it: only what this obligation asks for. */
export function sentForm(form: HandIn, wants: Wants) {
  const text = form.text.trim()
  return {
    ...(wants.text && text ? { text } : {}),
    ...(wants.link ? { link: form.link.trim() } : {}),
    ...(wants.rating ? { rating: form.rating } : {}),
    ...(wants.order ? { orderId: form.order } : {}),
    uploadIds: form.photos.flatMap(({ uploadId }) => (uploadId ? [uploadId] : [])),
  }
}
