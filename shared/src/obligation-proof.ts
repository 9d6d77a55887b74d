/** What is handed in for an obligation, and what of it is missing or too much. */

export interface Span {
  min: number
  max: number
}

/** What is wanted; what is not named is not taken. */
export interface Wants {
  photos?: Span
  /** Characters. */
  text?: Span
  link?: boolean
  /** 1 to 5 stars; how many says nothing about what it is thanked with. */
  rating?: boolean
  /** A purchase of one's own. */
  order?: boolean
}

export interface HandIn {
  text?: string | undefined
  link?: string | undefined
  rating?: number | undefined
  orderId?: string | undefined
  uploadIds: string[]
}

export type WantedField = 'photos' | 'text' | 'link' | 'rating' | 'order'

/** Why a hand-in was turned down. `content` is the machine's word, `withdrawn` the member's own, the others are a colleague's. */
export const REJECTIONS = {
  content: '图片没有通过内容安全检查',
  withdrawn: '你在微信里收回了照片，照片已删除，这次不算',
  unclear: '看不清楚',
  not_it: '和这件事不符',
  not_own: '不是本人的内容',
  too_late: '不在活动时间里',
  other: '其他原因',
} as const

export type Rejection = keyof typeof REJECTIONS

/** Characters as people count them. */
export const lengthOf = (text: string): number => [...text.trim()].length

const outside = (count: number, span: Span | undefined) => (span ? count < span.min || count > span.max : count > 0)

/** Which fields are missing or too much, in the order of the form; none when it can be handed in. */
export function handInGaps(wants: Wants, handIn: HandIn): WantedField[] {
  const wrong: Record<WantedField, boolean> = {
    photos: outside(new Set(handIn.uploadIds).size, wants.photos) || hasTwice(handIn.uploadIds),
    text: outside(lengthOf(handIn.text ?? ''), wants.text),
    link: Boolean(handIn.link?.trim()) !== Boolean(wants.link),
    rating: (handIn.rating !== undefined) !== Boolean(wants.rating),
    order: (handIn.orderId !== undefined) !== Boolean(wants.order),
  }
  return (Object.keys(wrong) as WantedField[]).filter((field) => wrong[field])
}

const hasTwice = (ids: string[]) => new Set(ids).size < ids.length
