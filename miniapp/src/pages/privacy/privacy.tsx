import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { api } from '../../lib/api'
import { go } from '../../lib/nav'
import { useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { Cell, Panel, Section } from '../../ui/blocks'
import { Page } from '../../ui/page'
import { Skeleton, States } from '../../ui/states'
import { Agreements } from './agreements'
import { FileOfMine } from './file-of-mine'
import { NotHere } from './not-here'
import './privacy.css'

/** What I agreed to, what is kept of me, and the way out: each as near as the other. */
export default function MyPrivacy() {
  const { state } = useSession()
  const member = state === 'member'
  const consents = useRead(['consents'], () => api.privacy.consents.query(), { enabled: member })
  const leaving = useRead(['cancellation'], () => api.privacy.cancellation.query(), { enabled: member })
  if (state === 'guest' || state === 'signed_out') return <NotHere />
  return (
    <Page onRefresh={() => Promise.all([consents.reload(), leaving.reload()])}>
      <States read={consents} skeleton={<Skeleton rows={4} />}>
        {(data) => <Agreements consents={data} />}
      </States>
      <Section title="我的资料" />
      <FileOfMine />
      <Section title="离开" />
      <Panel>
        <Cell
          id="leave-open"
          icon="out"
          tone="quiet"
          title="注销会员"
          sub={leavingWords(leaving.data)}
          onTap={() => go('/pages/privacy/leave')}
        />
      </Panel>
      <View className="hy-caption hy-3 hy-mt4">撤回对会员服务的同意，就是注销：我们不再保留能认出你的任何内容。</View>
    </Page>
  )
}

const leavingWords = (data: { asked: { dueAt: string } | null } | undefined): string =>
  data?.asked
    ? `已申请，${dayWords(new Date(data.asked.dueAt), new Date())}前可以撤回`
    : '先看看会失去什么，七天内可以反悔'
