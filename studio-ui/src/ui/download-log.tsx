import { Button } from "@mantine/core";
import { logFile } from "../api/log-search";
import type { Job } from "../api/types";
import { visible } from "../lib/visible";

/** Takes the whole log of an attempt at a job as a text file. */
export function DownloadLog({ run, job, attempt }: { run: string; job: Pick<Job, "id" | "name">; attempt: number }) {
  return (
    <Button
      component="a"
      size="compact-xs"
      variant="default"
      href={logFile(run, job.id, attempt)}
      download
      aria-label={`Download the log of ${visible(job.name)}`}
    >
      Download
    </Button>
  );
}
