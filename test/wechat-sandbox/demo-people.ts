import type { NewPerson } from './world'

export { openidOf, unionidOf } from './identity'

/** The people of the demo brand 一盏, as WeChat knows them. Whether they are members or staff is the BFF's affair. */
export const DEMO_PEOPLE: readonly NewPerson[] = [
  { key: 'lin', name: '小林', phone: '+8613800002207', note: '第一次来，手里有一张旧的实体会员卡' },
  { key: 'mei', name: '小梅', phone: '+8613800003318', note: '黄金会员' },
  { key: 'qing', name: '阿青', phone: '+8613800004429', note: '湖滨店店员' },
  { key: 'zhou', name: '老周', phone: '+8613800005530', note: '湖滨店店长' },
  { key: 'tang', name: '运营小唐', phone: '+8613800006641', note: '品牌运营' },
  { key: 'an', name: '运营安姐', phone: '+8613800007752', note: '品牌运营，复核积分调整' },
  { key: 'he', name: '小禾', phone: null, note: '没有在微信里留手机号' },
]
