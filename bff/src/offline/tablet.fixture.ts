import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { provenCode } from '@huiyuan/shared/certificate'
import { codeStep } from '@huiyuan/shared/code'
import { type Colleague, newPhone, type Person, type Phone, type TestHouse } from '../../../test/support/people'
import { certifyCode } from '../code/certify-code'
import { type SentEntry, syncOffline } from './sync-offline'
import { enrolTablet } from './tablets'

export interface ProvenPhone extends Phone {
  /** The 446 digits of its QR code during a step. */
  provenAt: (step: number) => string
}

/** A phone of the member's that shows codes with their proof. */
export async function newProvenPhone({ ctx }: Pick<Person, 'ctx'>): Promise<ProvenPhone> {
  const phone = await newPhone({ ctx })
  const pair = generateKeyPairSync('ed25519')
  const publicKey = pair.publicKey.export({ format: 'jwk' }).x as string
  const given = await certifyCode(ctx, { requestId: randomUUID(), deviceId: phone.deviceId, publicKey })
  const certificate = new Uint8Array(Buffer.from(given.certificate, 'base64url'))
  const signed = (message: Uint8Array) => new Uint8Array(sign(null, message, pair.privateKey))
  return { ...phone, provenAt: (step) => provenCode(phone.codeAt(step), certificate, step, signed) }
}

/** A tablet at the first till of the manager's store. */
export async function newTablet(manager: Colleague, tillId = manager.tillId) {
  const given = await enrolTablet(manager.ctx, manager, { requestId: randomUUID(), tillId, label: '前台平板' })
  let sequence = given.firstSequence
  return { ...given, tillId, next: () => sequence++ }
}
export type TestTablet = Awaited<ReturnType<typeof newTablet>>

/** An entry whose code was shown, scanned and paid at the same instant, unless told otherwise. */
export function entryOf(tablet: TestTablet, phone: Phone, at: Date, more: Partial<SentEntry> = {}): SentEntry {
  const time = at.toISOString()
  const code = phone.codeAt(codeStep(at.getTime()))
  return { sequence: tablet.next(), code, scannedAt: time, soldAt: time, amountFen: 6_800, ...more }
}

export const syncBy = (house: TestHouse, clerk: Colleague, { tabletId }: { tabletId: string }, entries: SentEntry[]) =>
  syncOffline(house.as(clerk.memberId), clerk, { requestId: randomUUID(), tabletId, entries }).then(
    ({ results }) => results,
  )
