import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { View } from '@tarojs/components'
import { Panel } from '../../ui/blocks'
import { Page } from '../../ui/page'

const { brand, consentVersion, pendingDays, expiryMonths, pointsPerYuan, printDays } = DEMO_POLICY

const PARTS: { title: string; words: string[] }[] = [
  {
    title: '我们收集什么',
    words: [
      '微信身份标识：用来认出你是同一位会员。授权登录时由微信提供。',
      '手机号：可以不给。给了，能找回实体老卡、换手机也不丢积分。加密保存，店员只能看到前三后四位。',
      '称呼：可以不填。显示在你的会员卡和邀请海报上，通过你的链接入会的人会看到；店员和评价的读者只看到姓。你自己放上荣誉墙的，所有人能看到。',
      '你交来的图片、文字和链接：图片去掉拍摄地点和机型后保存，图片和文字会请微信做内容安全检查，再由同事看。通过的评价会公开，只带姓。没用上的图片一天后删除。',
      '朋友的链接：你从谁的链接打开、读了哪篇资讯。对方能看到你的姓和这份谢礼的进展；资讯只看到人数。',
      '消费记录：店员扫码入账的时间、门店、金额，用来计算积分和成长值。',
      `防作弊用的痕迹：这部手机的一个随机标记、登录时的网络地址，以及收银系统给出的付款人标识。收到就转成不能还原的代码，只用来核对请朋友的奖励有没有被同一个人反复领，${printDays} 天没再见到就删除。`,
      '微信对入会的风险提示：只在核对这类奖励时参考，不影响你的价格和权益。',
    ],
  },
  {
    title: '我们不做什么',
    words: ['不卖你的信息。', '不因为你的消费习惯给你不一样的价格。', '不在你没同意时发消息。'],
  },
  {
    title: '积分怎么算',
    words: [
      `每消费 1 元得 ${pointsPerYuan} 积分，${pendingDays} 天退货期满后生效。`,
      `积分在获得那个月之后的第 ${expiryMonths} 个月底到期，到期前会在首页提醒。`,
    ],
  },
  {
    title: '会员码怎么用',
    words: ['会员码在你的手机上生成，30 秒一换，用过一次就失效。', '手机丢了，可在「我的 › 登录与设备」停用那部手机。'],
  },
  {
    title: '你的权利',
    words: [
      '随时可以退出登录、停用设备、更换手机号。',
      '在「我的 › 隐私与数据」可以下载全部资料、关掉为你挑选、注销会员；注销七天内可以撤回。',
      '也可以请门店帮忙查看、更正或删除，15 天内办好。',
    ],
  },
]

/** What the person agrees to, in plain words. */
export default function Privacy() {
  return (
    <Page>
      <View className="hy-top">
        <View className="hy-display">{`${brand.name}会员服务与隐私说明`}</View>
        <View className="hy-3 hy-caption hy-mt1">{`版本 ${consentVersion}`}</View>
      </View>
      {PARTS.map(({ title, words }) => (
        <Panel key={title} pad>
          <View className="hy-title">{title}</View>
          {words.map((line) => (
            <View key={line} className="hy-2 hy-mt2">
              {line}
            </View>
          ))}
        </Panel>
      ))}
    </Page>
  )
}
