import { View } from '@tarojs/components'
import Taro, { useReachBottom, useRouter } from '@tarojs/taro'
import { useEffect, useState } from 'react'
import { api } from '../../lib/api'
import { useRead } from '../../lib/query'
import { Cell, Chip, Panel, Tag } from '../../ui/blocks'
import { Page } from '../../ui/page'
import { Empty, States } from '../../ui/states'
import { Lines } from './lines'
import { KINDS, type Kind, usePages } from './use-pages'

type View_ = Kind | 'lots'

/** Every movement of points and growth in words, and what is left lot by lot. */
export default function Statement() {
  const { params } = useRouter()
  const [view, setView] = useState<View_>(params.view === 'lots' ? 'lots' : 'all')
  useEffect(() => {
    if (process.env.TARO_ENV === 'weapp') void Taro.pageScrollTo({ scrollTop: 0, duration: 0 }).catch(() => {})
  }, [view])
  return view === 'lots' ? <Lots onView={setView} /> : <Movements kind={view} onView={setView} />
}

const Choice = ({ view, onView }: { view: View_; onView: (view: View_) => void }) => (
  <View className="hy-chips" style={{ marginBottom: '8px' }}>
    {KINDS.map(({ kind, name }) => (
      <Chip key={kind} on={view === kind} onTap={() => onView(kind)}>
        {name}
      </Chip>
    ))}
    <Chip on={view === 'lots'} onTap={() => onView('lots')}>
      按到期日
    </Chip>
  </View>
)

function Movements({ kind, onView }: { kind: Kind; onView: (view: View_) => void }) {
  const pages = usePages(kind)
  useReachBottom(() => void pages.more())
  return (
    <Page onRefresh={pages.first.reload}>
      <Choice view={kind} onView={onView} />
      <States read={pages.first}>
        {() =>
          pages.lines.length === 0 ? (
            <Empty title="这里还空着" sub="下次结账前出示会员码，积分就记在这里" />
          ) : (
            <Lines
              lines={pages.lines}
              ended={!pages.hasMore}
              busy={pages.busy}
              fault={pages.fault}
              onMore={() => void pages.more()}
            />
          )
        }
      </States>
    </Page>
  )
}

function Lots({ onView }: { onView: (view: View_) => void }) {
  const read = useRead(['lots'], () => api.ledger.lots.query())
  return (
    <Page onRefresh={read.reload}>
      <Choice view="lots" onView={onView} />
      <States read={read}>
        {({ lots }) =>
          lots.length === 0 ? (
            <Empty title="还没有积分" sub="消费得到的积分会按到期日排在这里" />
          ) : (
            <Panel>
              {lots.map((lot) => (
                <Cell
                  key={lot.lotId}
                  icon={lot.state === 'pending' ? 'clock' : 'leaf'}
                  tone="quiet"
                  title={lot.words.split(' · ')[0]}
                  sub={lot.words.split(' · ').slice(1).join(' · ')}
                  end={lot.state === 'pending' ? <Tag>待生效</Tag> : <Tag kind="ok">可用</Tag>}
                />
              ))}
            </Panel>
          )
        }
      </States>
    </Page>
  )
}
