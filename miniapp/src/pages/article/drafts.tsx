import { clockText, dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { api, type RouterOutputs } from '../../lib/api'
import { useGrowing } from '../../lib/growing'
import { go } from '../../lib/nav'
import { refresh, useRead } from '../../lib/query'
import { Cell, Panel } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { OperatorPage } from '../../ui/operator-page'
import { Empty, States } from '../../ui/states'
import { ArticleArt } from './art'
import './article.css'
import { StateTag } from './state-tag'

type Draft = RouterOutputs['article']['drafts']['articles'][number]

/** Every article with its window, for operators: what is to come, what is out, what is over. */
export default function DraftsPage() {
  return (
    <OperatorPage
      title="资讯管理"
      signInWords="登录后，总部运营可以在这里写资讯"
      className="at-desk"
      onRefresh={() => refresh('article.drafts')}
    >
      {() => <Drafts />}
    </OperatorPage>
  )
}

function Drafts() {
  const read = useRead(['article.drafts'], () => api.article.drafts.query())
  const write = () => go('/pages/article/edit')
  return (
    <>
      <View className="at-gap">
        <Button id="write" block onTap={write}>
          写一篇
        </Button>
      </View>
      <States read={read}>
        {({ articles }) =>
          articles.length === 0 ? (
            <Empty title="还没有资讯" sub="写好第一篇，选一个上线的时间" action="写一篇" onAction={write} />
          ) : (
            <Rows drafts={articles} />
          )
        }
      </States>
    </>
  )
}

function Rows({ drafts }: { drafts: Draft[] }) {
  const { shown, more } = useGrowing(drafts, 4, 20)
  return (
    <View id="drafts">
      <Panel>
        {shown.map((draft) => (
          <Row key={draft.articleId} draft={draft} />
        ))}
      </Panel>
      {more && (
        <Button kind="line" block onTap={more}>
          看更早的
        </Button>
      )}
    </View>
  )
}

// a line ends between two moments, not within one
const momentWords = (at: string): string =>
  `${dayWords(new Date(at), new Date())} ${clockText(new Date(at))}`.replaceAll(' ', '\u00a0')

function Row({ draft: { articleId, title, art, state, publishFrom, publishUntil } }: { draft: Draft }) {
  const until = publishUntil ? ` – ${momentWords(publishUntil)}` : ''
  return (
    <Cell
      id={`draft-${articleId}`}
      lead={<ArticleArt art={art} className="at-one__art at-one__lead" />}
      title={title}
      sub={`${momentWords(publishFrom)}${until}`}
      end={<StateTag state={state} />}
      onTap={() => go(`/pages/article/edit?id=${articleId}`)}
    />
  )
}
