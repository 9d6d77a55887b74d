import type { Deed } from './journal'

/** Who holds the phone: how they answer when WeChat or the page asks. A test replaces what matters to it. */
export interface Holder {
  /** What wx.login gives. Throws or null: WeChat is not reached. */
  loginCode(): string | null
  /** What the phone-number button gives; null: they refuse. */
  phoneCode(): string | null
  /** Their answer to one template in the sheet of subscribe messages. */
  allowsMessage(templateId: string): 'accept' | 'reject' | 'ban' | 'filter'
  /** What the camera reads; null: they close it. */
  scans(): string | null
  /** Their answer to wx.showModal. */
  confirms(asked: Deed['asked']): boolean
  /** The line they take from wx.showActionSheet; null: none. */
  picks(items: string[]): number | null
  /** Where they are; null: they do not say. */
  location(): { latitude: number; longitude: number } | null
  /** The pictures they pick; none: they change their mind. */
  pictures(): Buffer[]
  /** Their answer to a permission such as 'scope.writePhotosAlbum'. */
  grants(scope: string): boolean
}

/** Somebody without WeChat login who says yes to everything. */
export const agreeableHolder = (): Holder => ({
  loginCode: () => null,
  phoneCode: () => null,
  allowsMessage: () => 'accept',
  scans: () => null,
  confirms: () => true,
  picks: () => 0,
  location: () => null,
  pictures: () => [],
  grants: () => true,
})
