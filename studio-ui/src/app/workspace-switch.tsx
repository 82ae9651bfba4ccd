import { NativeSelect } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { getWorkspace, openWorkspace } from "../api/workspace";
import { useWorkspaceName, useWorkspaces } from "../lib/use-workspaces";

/** Which workspace is shown, and the others that we may see. Nothing where there is one alone. */
export function WorkspaceSwitch() {
  const navigate = useNavigate();
  const seen = useWorkspaces();
  const shown = useWorkspaceName();
  useEffect(() => {
    if (shown === undefined) return;
    // Whoever gets the address may have others first. What goes to it takes the name along.
    void navigate({ to: ".", search: (search) => ({ ...search, workspace: shown }), replace: true });
  }, [navigate, shown]);
  if (seen.length < 2) return null;
  return (
    <NativeSelect
      aria-label="Workspace"
      title="Workspace"
      size="xs"
      value={shown ?? getWorkspace() ?? ""}
      onChange={(event) => openWorkspace(event.currentTarget.value)}
      data={[...seen]}
    />
  );
}
