import fc from 'fast-check'
import { base64urlOf, bytesOfBase64url } from './base64url'

test('gives back the bytes that node wrote, and writes them alike', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect([...bytesOfBase64url(Buffer.from(bytes).toString('base64url'))]).toEqual([...bytes])
      expect(base64urlOf(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
    }),
  )
})
