import { dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { useRouter, useShareAppMessage } from '@tarojs/taro'
import { useEffect } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { go, toTab } from '../../lib/nav'
import { noteNews } from '../../lib/news-seen'
import { useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { aria } from '../../ui/aria'
import { Cell, Panel } from '../../ui/blocks'
import { Icon } from '../../ui/icon'
import { Page } from '../../ui/page'
import { Phrases } from '../../ui/phrases'
import { Empty, States } from '../../ui/states'
import { ArticleArt } from './art'
import './article.css'
import { ArticleBody } from './body'
import { PassOn } from './pass-on'
import { useOwnPath } from './use-own-path'

type Article = RouterOutputs['article']['show']

/** One article to read in peace, and to pass on. */
export default function ArticlePage() {
  const { params } = useRouter()
  const articleId = params.id ?? ''
  const read = useRead(['article', articleId], () => api.article.show.query({ articleId }), {
    keepAs: `article-${articleId}`,
  })
  const own = useOwnPath(articleId, params.l)
  const path = own ?? read.data?.path ?? 'pages/article/articles'
  const title = read.data?.title ?? '一盏的新鲜事'
  useShareAppMessage(() => ({ title, path: `/${path}` }))
  useEffect(() => {
    if (read.data) noteNews(articleId)
  }, [read.data, articleId])
  const gone = read.fault?.code === 'NOT_FOUND'
  return (
    <Page broad onRefresh={read.reload}>
      {gone ? (
        <Empty
          title="这篇现在看不到"
          sub="可能已经撤下，看看别的"
          action="看看别的"
          onAction={() => go('/pages/article/articles')}
        />
      ) : (
        <States read={read} skeleton={<Coming />}>
          {(article) => <Whole article={article} />}
        </States>
      )}
      {read.data && !gone && <PassOn path={path} />}
    </Page>
  )
}

function Whole({ article: { title, summary, art, publishedAt, minutes, blocks, activity } }: { article: Article }) {
  const { state } = useSession()
  const toActivity = () => {
    if (state === 'member') go(`/pages/obligation/obligation?id=${activity?.obligationId}`)
    else toTab('home')
  }
  return (
    <View id="article" className="at-read">
      <ArticleArt art={art} className="at-read__art" />
      <View className="at-read__title">
        <Phrases words={title} />
      </View>
      <View className="at-read__meta">
        <Text>{dayWords(new Date(publishedAt), new Date())}</Text>
        <Text className="at-read__dot">·</Text>
        <Text>{`约 ${minutes} 分钟读完`}</Text>
      </View>
      <View className="at-read__sum">{summary}</View>
      <ArticleBody blocks={blocks} />
      <View className="at-read__end" {...aria({ hidden: true })}>
        <Icon name="bowl" size="m" />
      </View>
      {activity && (
        <Panel>
          <Cell
            id="article-activity"
            icon="leaf"
            title={activity.title}
            sub={`到 ${dayWords(new Date(activity.endsAt), new Date())}`}
            onTap={toActivity}
          />
        </Panel>
      )}
    </View>
  )
}

const Coming = () => (
  <View className="at-read" {...aria({ role: 'img', label: '正在打开' })}>
    <View className="hy-sk at-sk-art" />
    <View className="hy-sk at-sk-title" />
    <View className="hy-sk hy-sk--line" />
    <View className="hy-sk hy-sk--line" />
    <View className="hy-sk hy-sk--short" />
  </View>
)
