import type {
  ActionsBlock,
  AlertBlock,
  AnyBlock,
  ContainerBlock,
  ContextActionsBlock,
  ContextBlock,
  HeaderBlock,
  ImageBlock,
  KnownBlock,
  SectionBlock,
} from "@slack/types";
import type { ReactElement } from "react";
import { Control } from "./controls.tsx";
import { FromLibrary } from "./from-library.tsx";
import { InputBlockView } from "./input-block.tsx";
import { TableBlockView } from "./table-block.tsx";
import { TextObject } from "../text/text.tsx";

/**
 * Block Kit, drawn.
 *
 * slack-blocks-to-jsx draws the blocks whose content needs no reading (rich_text, image, markdown, card, video, …). Ours
 * are: every block with a mrkdwn or plain_text object, because the library misreads text (see mrkdwn.ts); every block
 * with controls, because its controls report to no one; tables, because it reads raw_text as markup and has no header
 * cells; alerts, because theirs is announced as a status each time it is drawn.
 */
export function Blocks({ blocks }: { blocks: readonly AnyBlock[] }): ReactElement {
  return (
    <>
      {blocks.map((block, index) => (
        <div className={`block block-${block.type}`} key={keyOf(block.block_id, `${block.type}-${index}`)}>
          <BlockView block={block as KnownBlock} />
        </div>
      ))}
    </>
  );
}

/**
 * An id that Slack made up (five characters) is another one after each edit, so a block with such an id is known by its
 * place: what is edited in place keeps the focus and what was entered.
 */
function keyOf(id: string | undefined, place: string): string {
  return id === undefined || /^[\w-]{5}$/.test(id) ? place : id;
}

function BlockView({ block }: { block: KnownBlock }): ReactElement | null {
  switch (block.type) {
    case "section":
      return <Section block={block} />;
    case "header":
      return <Header block={block} />;
    case "context":
      return <Context block={block} />;
    case "actions":
    case "context_actions":
      return <Actions block={block} />;
    case "divider":
      return <hr />;
    case "input":
      return <InputBlockView block={block} />;
    case "table":
    case "data_table":
      return <TableBlockView block={block} />;
    case "image":
      return <Image block={block} />;
    case "container":
      return <Container block={block} />;
    case "alert":
      return <Alert block={block} />;
    default:
      return <FromLibrary block={block} />;
  }
}

function Section({ block }: { block: SectionBlock }): ReactElement {
  return (
    <div className="section">
      <div className="section-body">
        {block.text && <TextObject text={block.text} />}
        {block.fields && (
          <div className="fields">
            {block.fields.map((field, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- fields have no names and never change places
              <div className="field" key={index}>
                <TextObject text={field} />
              </div>
            ))}
          </div>
        )}
      </div>
      {block.accessory && (
        <div className="accessory">
          {block.accessory.type === "image" ? (
            <img
              src={"image_url" in block.accessory ? block.accessory.image_url : ""}
              alt={block.accessory.alt_text}
            />
          ) : (
            <Control element={block.accessory} blockId={block.block_id ?? ""} />
          )}
        </div>
      )}
    </div>
  );
}

function Header({ block }: { block: HeaderBlock }): ReactElement {
  return (
    <h3>
      <TextObject text={block.text} />
    </h3>
  );
}

function Context({ block }: { block: ContextBlock }): ReactElement {
  return (
    <div className="context">
      {block.elements.map((element, index) =>
        element.type === "image" ? (
          // oxlint-disable-next-line react/no-array-index-key -- see Section
          <img key={index} src={"image_url" in element ? element.image_url : ""} alt={element.alt_text} />
        ) : (
          // oxlint-disable-next-line react/no-array-index-key -- see Section
          <div key={index}>
            <TextObject text={element} />
          </div>
        ),
      )}
    </div>
  );
}

function Actions({ block }: { block: ActionsBlock | ContextActionsBlock }): ReactElement {
  return (
    <div className="actions">
      {block.elements.map((element, index) => (
        <Control
          key={keyOf(element.action_id, String(index))}
          element={element}
          blockId={block.block_id ?? ""}
        />
      ))}
    </div>
  );
}

/** A file of the workspace, or a picture from elsewhere. */
function Image({ block }: { block: ImageBlock }): ReactElement {
  return <img className="image" src={sourceOf(block)} alt={block.alt_text} />;
}

function sourceOf(block: ImageBlock): string {
  if (!("slack_file" in block)) return block.image_url;
  const { slack_file: file } = block;
  return "id" in file ? `/files/${file.id}` : (file.url ?? "");
}

/** Collapsible or not, it has a border; folded, only its title and subtitle are seen. */
function Container({ block }: { block: ContainerBlock }): ReactElement {
  const title = (
    <>
      {block.title && (
        <strong>
          <TextObject text={block.title} />
        </strong>
      )}
      {block.subtitle && (
        <span className="container-subtitle">
          <TextObject text={block.subtitle} />
        </span>
      )}
    </>
  );
  if (block.is_collapsible !== true)
    return (
      <div className="container">
        <div className="container-title">{title}</div>
        <Blocks blocks={block.child_blocks} />
      </div>
    );
  return (
    <details className="container" open={block.default_collapsed !== true}>
      <summary className="container-title">{title}</summary>
      <Blocks blocks={block.child_blocks} />
    </details>
  );
}

const alertIcons = { default: "ℹ", info: "ℹ", success: "✓", warning: "⚠", error: "⛔" };
const alertNames = { default: "Note", info: "Info", success: "Success", warning: "Warning", error: "Error" };

function Alert({ block }: { block: AlertBlock }): ReactElement {
  const level = block.level ?? "default";
  return (
    <div className={`alert alert-${level}`} role="note" aria-label={alertNames[level]}>
      <span className="alert-icon" aria-hidden="true">
        {alertIcons[level]}
      </span>
      <div>
        <TextObject text={block.text} />
      </div>
    </div>
  );
}
