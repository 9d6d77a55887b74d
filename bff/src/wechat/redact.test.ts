import { redact } from './redact'

test.each([
  ['invalid code: 0a1b2c', [], 'invalid code: [redacted]'],
  ['access_token=abc&openid=o1', [], 'access_token=[redacted]&openid=o1'],
  ['{"session_key":"k+/=="}', [], '{"session_key":"[redacted]"}'],
  ['call +86 13800002207 or 13900001111 now', [], 'call [redacted] or [redacted] now'],
  ['rid: 66d02a4c-6788a203-083e9b71', [], 'rid: 66d02a4c-6788a203-083e9b71'],
  ['errcode: 40029', [], 'errcode: 40029'],
  ['seen my-code twice: my-code', ['my-code'], 'seen [redacted] twice: [redacted]'],
])('%p', (text, secrets, clean) => {
  expect(redact(text, secrets)).toBe(clean)
})
