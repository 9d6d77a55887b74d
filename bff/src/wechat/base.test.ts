import { wechatBaseRefusal } from './base'

const real = { apiBase: 'https://api.weixin.qq.com', oauthBase: 'https://open.weixin.qq.com' }

test('WeChat itself passes everywhere', () => {
  expect(wechatBaseRefusal({ ...real, production: true, allowOther: false })).toBeNull()
  expect(wechatBaseRefusal({ ...real, production: false, allowOther: false })).toBeNull()
})

test.each([
  'http://127.0.0.1:9000',
  'http://api.weixin.qq.com',
  'https://api.weixin.qq.com:8443',
  'https://api.weixin.qq.com.example.org',
  'https://example.org',
])('production refuses %s unless the flag is set', (apiBase) => {
  expect(wechatBaseRefusal({ ...real, apiBase, production: true, allowOther: false })).toContain('WECHAT_API_BASE')
  expect(wechatBaseRefusal({ ...real, apiBase, production: true, allowOther: true })).toBeNull()
  expect(wechatBaseRefusal({ ...real, apiBase, production: false, allowOther: false })).toBeNull()
})

test('the authorise page is held to the same', () => {
  const bases = { ...real, oauthBase: 'https://example.org', production: true, allowOther: false }
  expect(wechatBaseRefusal(bases)).toContain('WECHAT_OAUTH_BASE')
})

test.each(['', 'api.weixin.qq.com', 'ftp://api.weixin.qq.com', 'https://a:b@example.org', 'https://example.org/x?y=1'])(
  '%p is no base at all',
  (apiBase) => {
    expect(wechatBaseRefusal({ ...real, apiBase, production: false, allowOther: true })).not.toBeNull()
  },
)
