import { Text, View } from '@tarojs/components'
import type { ReactNode } from 'react'
import { api } from '../lib/api'
import { faultText } from '../lib/fault-text'
import { back, toTab } from '../lib/nav'
import { useRead } from '../lib/query'
import { useSession } from '../lib/session'
import { Icon } from './icon'
import { Page } from './page'
import { Empty, Skeleton, States } from './states'
import { tapProps } from './tap'

interface OperatorPageWish {
  title: string
  /** What signing in is good for. */
  signInWords: string
  className: string
  onRefresh: () => Promise<unknown>
  /** `ownNo` is the operator's own member number. */
  children: (ownNo: string) => ReactNode
}

const REFUSED = faultText({ code: 'ROLE_NEEDED', detail: { role: 'operator' } })

/** A page for those who run the programme: a head in browsers, and a kind word for anybody else. */
export function OperatorPage({ title, signInWords, className, onRefresh, children }: OperatorPageWish) {
  const { state } = useSession()
  return (
    <Page wide onRefresh={onRefresh}>
      <View className={className}>
        <Head title={title} />
        {state === 'starting' && <Skeleton />}
        {state === 'member' && <AtWork>{children}</AtWork>}
        {(state === 'guest' || state === 'signed_out') && (
          <Empty title="请先登录" sub={signInWords} action="去登录" onAction={() => toTab('home')} />
        )}
      </View>
    </Page>
  )
}

/** WeChat draws a head of its own. */
const Head = ({ title }: { title: string }) =>
  process.env.TARO_ENV === 'h5' ? (
    <View className="hy-ophead">
      <View id="head-back" className="hy-head__back" {...tapProps(back, '返回')}>
        <Icon name="back" />
      </View>
      <Text className="hy-title">{title}</Text>
    </View>
  ) : null

function AtWork({ children }: Pick<OperatorPageWish, 'children'>) {
  const read = useRead(['me'], () => api.member.me.query())
  return (
    <States read={read}>
      {({ staff, memberNo }) =>
        staff?.role === 'operator' ? (
          children(memberNo)
        ) : (
          <Empty title={REFUSED.title} sub={REFUSED.detail ?? ''} action="回首页" onAction={() => toTab('home')} />
        )
      }
    </States>
  )
}
