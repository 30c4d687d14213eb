import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { JSX } from 'react';

import { filesOptions, fileTextOptions, type RunFile, type RunName } from '../api/queries';
import { Icon } from '../components/icon';
import { EmptyNotice, Skeleton } from '../components/notice';
import { useNow } from '../components/use_element';
import { formatAgo, formatBytes, formatTime } from '../model/format';
import { Failure } from './failure';
import type { RunSearch } from './search_params';

/** Larger texts are downloaded, not shown. */
const largestPreviewBytes = 1_000_000;
const imageName = /\.(png|jpe?g|gif|webp|bmp)$/i;
const textName =
  /\.(txt|log|json|jsonl|ya?ml|md|py|cc?|cpp|h|csv|tsv|toml|ini|cfg|sh|patch|diff|xml|html|js|ts)$/i;

/** A run's files, and one of them opened beside the list. */
export function FilesTab({ of, file }: { of: RunName; file: string | null }): JSX.Element {
  const query = useQuery(filesOptions(of));
  const now = useNow(30_000);
  if (query.isPending) return <Skeleton rows={5} />;
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  const files = query.data;
  if (files.length === 0) {
    return (
      <EmptyNotice title="No files">
        <p className="quiet">
          Files that the run saves, and its requirements and metadata, go here.
        </p>
      </EmptyNotice>
    );
  }
  const opened = files.find(({ name }) => name === file);
  return (
    <div className={opened ? 'files files-split' : 'files'}>
      <ul className="card file-list">
        {files.map((entry) => (
          <li key={entry.name} className={entry === opened ? 'file file-current' : 'file'}>
            <Link
              className="file-link"
              from="/$entity/$project/runs/$run"
              to="."
              search={(before: RunSearch) => ({ ...before, file: entry.name })}
            >
              <Icon name="file" size={14} />
              <span className="file-name">{entry.name}</span>
            </Link>
            <span className="file-size">{formatBytes(entry.sizeBytes)}</span>
            {entry.updatedAtMs !== null && (
              <span className="quiet file-time" title={formatTime(entry.updatedAtMs)}>
                {formatAgo(entry.updatedAtMs, now)}
              </span>
            )}
            <a
              className="icon-button"
              href={entry.address}
              download
              title={`Download ${entry.name}`}
            >
              <Icon name="download" size={14} />
            </a>
          </li>
        ))}
      </ul>
      {opened && <Preview file={opened} />}
    </div>
  );
}

function Preview({ file }: { file: RunFile }): JSX.Element {
  const mimetype = file.mimetype ?? '';
  const isImage = imageName.test(file.name) || /^image\/(?!svg)/.test(mimetype);
  const isText =
    textName.test(file.name) || mimetype.startsWith('text/') || mimetype === 'application/json';
  return (
    <section className="card preview" aria-label={file.name}>
      <header className="card-head">
        <h2>{file.name}</h2>
        <span className="quiet">{formatBytes(file.sizeBytes)}</span>
      </header>
      {isImage ? (
        <img className="preview-image" src={file.address} alt={file.name} />
      ) : isText && file.sizeBytes <= largestPreviewBytes ? (
        <TextPreview address={file.address} />
      ) : (
        <p className="quiet card-text">
          {isText ? 'Too large to show here.' : 'No preview for this kind of file.'} Download it to
          see what is in it.
        </p>
      )}
    </section>
  );
}

function TextPreview({ address }: { address: string }): JSX.Element {
  const query = useQuery(fileTextOptions(address));
  if (query.isPending) return <Skeleton rows={4} />;
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return <pre className="preview-text">{query.data}</pre>;
}
