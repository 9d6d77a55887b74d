import { View } from '@tarojs/components'
import { useState } from 'react'
import { JoinSheet } from '../../join/join-sheet'
import { api } from '../../lib/api'
import { linkNow } from '../../lib/arrival'
import { toTab } from '../../lib/nav'
import { useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { Page } from '../../ui/page'
import { Empty, States } from '../../ui/states'
import { GiftBox } from './box'
import { Contents } from './contents'
import './gift.css'
import { MyGifts } from './my-gifts'

/** Gifts: for a guest what waits, for a member the box to open and how the others stand. */
export default function GiftPage() {
  const { state } = useSession()
  const [joining, setJoining] = useState(false)
  return (
    <>
      {state === 'member' ? <Mine /> : <Waiting onJoin={() => setJoining(true)} />}
      {/* outlives the guest: joining may turn up an old card */}
      <JoinSheet open={joining} onClose={() => setJoining(false)} />
    </>
  )
}

function Mine() {
  const read = useRead(['gift'], () => api.gift.list.query(), { keepAs: 'gifts' })
  return (
    <Page onRefresh={read.reload}>
      <States read={read} skeleton={<Coming />}>
        {({ gifts, birthday }) => (gifts.length > 0 ? <MyGifts gifts={gifts} birthday={birthday} /> : <Nothing />)}
      </States>
    </Page>
  )
}

function Waiting({ onJoin }: { onJoin: () => void }) {
  const { state } = useSession()
  const [link] = useState(linkNow)
  const read = useRead(['gift-preview', link ?? ''], () => api.gift.preview.query(link ? { link } : {}), {
    keepAs: 'gift-preview',
    enabled: state !== 'starting',
  })
  return (
    <Page onRefresh={read.reload}>
      <States read={read} skeleton={<Coming />}>
        {({ gift, fromName }) =>
          gift ? (
            <View>
              <GiftBox open={false} />
              <Words title={`为你备好了一份${gift.title}`} sub={fromWords(fromName)} />
              <Contents contents={gift.contents} />
              <View className="hy-reach__room" />
              <View className="hy-reach">
                <View className="hy-reach__in">
                  {state === 'guest' ? (
                    <Button id="join-open" block onTap={onJoin}>
                      入会领取
                    </Button>
                  ) : (
                    <Button id="sign-in" block onTap={() => toTab('home')}>
                      登录领取
                    </Button>
                  )}
                </View>
              </View>
            </View>
          ) : (
            <Nothing />
          )
        }
      </States>
    </Page>
  )
}

const fromWords = (name: string | null) => (name ? `${name}请你来喝第一盏` : '入会就能打开')

const Words = ({ title, sub }: { title: string; sub: string }) => (
  <View className="gf-words">
    <View className="hy-display">{title}</View>
    <View className="hy-2 hy-mt2">{sub}</View>
  </View>
)

const Nothing = () => (
  <Empty title="现在没有礼物" sub="商城里还有好东西，攒够就换" action="去商城" onAction={() => toTab('mall')} />
)

const Coming = () => (
  <View {...aria({ role: 'img', label: '正在打开' })}>
    <View className="hy-sk gf-sk-box" />
    <View className="hy-sk gf-sk-words" />
    <View className="hy-sk gf-sk" />
    <View className="hy-sk gf-sk" />
  </View>
)
