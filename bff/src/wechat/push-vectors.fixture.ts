/** Known-good values for WeChat's message push: the signature of an address, and one encrypted text. */
export const URL_VECTOR = {
  token: 'AAAAA',
  timestamp: '1714036504',
  nonce: '1514711492',
  signature: 'f464b24fc39322e44b38aa78f5edd27bd1441696',
}

export const ENCRYPT_VECTOR = {
  aesKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
  random: 'aaaabbbbccccdddd',
  text: '我是中文abcd123',
  appid: 'wxb11529c136998cb6',
  encrypted: 'jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg==',
}
