import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { useRead } from '../../lib/query'
import { Cell } from '../../ui/blocks'
import { Sheet } from '../../ui/sheet'
import { Skeleton, States } from '../../ui/states'
import { copyLink } from './copy-link'

type Links = RouterOutputs['referral']['links']

/** The own link as an address to copy, one for each place where a friend may read it. */
export const LinksSheet = ({ open, onClose }: { open: boolean; onClose: () => void }) => (
  <Sheet open={open} onClose={onClose} title="复制链接">
    {open && <Whole />}
  </Sheet>
)

function Whole() {
  const read = useRead(['links'], () => api.referral.links.query())
  return (
    <View id="links">
      <States read={read} skeleton={<Skeleton rows={2} />}>
        {(links) => <Ways links={links} />}
      </States>
    </View>
  )
}

function Ways({ links: { h5Url, urlLink, urlLinkUntil } }: { links: Links }) {
  const [stuck, setStuck] = useState<string | null>(null)
  const copy = async (url: string) => setStuck((await copyLink(url)) ? null : url)
  const until = urlLinkUntil ? `，${dayWords(new Date(urlLinkUntil), new Date())}前有效` : ''
  return (
    <View>
      <View className="rf-ways">
        <Cell
          id="link-h5"
          icon="chat"
          title="公众号链接"
          sub="微信聊天和公众号文章里都能打开"
          act="复制"
          onTap={() => void copy(h5Url)}
        />
        {urlLink && (
          <Cell
            id="link-wechat"
            icon="link"
            title="小程序链接"
            sub={`短信和网页里点开${until}`}
            act="复制"
            onTap={() => void copy(urlLink)}
          />
        )}
      </View>
      {!urlLink && <View className="hy-caption hy-3 hy-mt3">小程序链接暂时取不到，过一会儿再来。</View>}
      {stuck && (
        <View className="hy-mt4">
          <View className="rf-link">{stuck}</View>
          <View className="hy-caption hy-3 hy-mt2">没能自动复制，长按上面的链接就能复制。</View>
        </View>
      )}
      <View className="hy-caption hy-3 hy-mt4">两条都是你的，朋友从哪一条来都认得出是你请的。</View>
    </View>
  )
}
