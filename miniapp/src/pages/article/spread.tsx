import { countText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { api, type RouterOutputs } from '../../lib/api'
import { useGrowing } from '../../lib/growing'
import { go, toTab } from '../../lib/nav'
import { useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { Panel, Section } from '../../ui/blocks'
import { Icon } from '../../ui/icon'
import { Page } from '../../ui/page'
import { Empty, Skeleton, States } from '../../ui/states'
import { tapProps } from '../../ui/tap'
import { ArticleArt } from './art'
import './article.css'
import './spread.css'

type Spread = RouterOutputs['article']['mine']

/** As many as the server tells. */
const MOST = 50

/** What became of the articles that a member passed on: how many, and why some do not count; never who. */
export default function SpreadPage() {
  const { state } = useSession()
  const read = useRead(['spread'], () => api.article.mine.query(), {
    keepAs: 'spread',
    enabled: state === 'member',
  })
  return (
    <Page onRefresh={read.reload}>
      {state === 'guest' || state === 'signed_out' ? (
        <Empty
          title="请先登录"
          sub="登录后，能看到你发给朋友的有多少人读过"
          action="去登录"
          onAction={() => toTab('home')}
        />
      ) : (
        <States read={read} skeleton={<Skeleton rows={4} />}>
          {(spread) => <Numbers spread={spread} />}
        </States>
      )}
    </Page>
  )
}

function Numbers({ spread: { totals, articles, attributionDays, holdDays } }: { spread: Spread }) {
  const { shown } = useGrowing(articles, 3, MOST)
  if (articles.length === 0)
    return (
      <Empty
        title="还没有人从你这里读到"
        sub="觉得哪一篇写得好，发给会喜欢的人"
        action="看看新鲜事"
        onAction={() => go('/pages/article/articles')}
      />
    )
  return (
    <View id="spread">
      <Panel pad>
        <View className="at-sums">
          <Sum name="读过" count={totals.readers} />
          <Sum name="待确认" count={totals.waiting} />
          <Sum name="已计入" count={totals.counted} />
        </View>
      </Panel>
      {shown.map((one) => (
        <One key={one.articleId} one={one} />
      ))}
      <Section title="怎么算" />
      <Panel pad>
        <View className="at-rules">
          <View className="at-rule">{`朋友从你发的链接读过以后，${attributionDays} 天内第一次入会并消费，或者来参加了活动，算来过。`}</View>
          <View className="at-rule">{`来过以后满 ${holdDays} 天、没有退款，才计入。`}</View>
          <View className="at-rule">一位读者在一篇里只算一次，算在最后一位把它发给他的人那里。</View>
          <View className="at-rule">转发和打开不计数。这里只有人数，看不到是谁。</View>
        </View>
      </Panel>
    </View>
  )
}

const Sum = ({ name, count }: { name: string; count: number }) => (
  <View className="at-sum">
    <View className="at-sum__n">{countText(count)}</View>
    <View className="hy-caption hy-2">{name}</View>
  </View>
)

function One({ one }: { one: Spread['articles'][number] }) {
  const { articleId, title, art, readers, waiting, counted, nextAt, why } = one
  return (
    <Panel pad>
      <View
        className="at-one"
        {...tapProps(
          () => go(`/pages/article/article?id=${articleId}`),
          process.env.TARO_ENV === 'weapp' ? title : undefined,
        )}
      >
        <ArticleArt art={art} className="at-one__art" />
        <View className="at-one__main">
          <View className="hy-bold">{title}</View>
          <View className="hy-caption hy-2 hy-num">
            {`${countText(readers)} 人读过 · ${countText(counted)} 位已计入`}
          </View>
        </View>
        <Icon name="go" size="s" className="hy-cell__go" />
      </View>
      {waiting > 0 && nextAt && (
        <View className="at-why">
          <Text>{`${countText(waiting)} 位来过，最早 ${dayWords(new Date(nextAt), new Date())}计入`}</Text>
        </View>
      )}
      {why.map((words) => (
        <View key={words} className="at-why">
          <Text>{words}</Text>
        </View>
      ))}
    </Panel>
  )
}
