import { type ReactNode, useEffect } from "react";
import { workspaceAddress } from "../api/workspace";
import { useUnknownWorkspace, useWorkspaces } from "../lib/use-workspaces";
import { LoneCard } from "../ui/lone-card";
import { SignOut } from "./sign-out";

/** Lets the page begin in a workspace that we may see, and says so where the address names another. */
export function WorkspaceGate({ children }: { children: ReactNode }) {
  const unknown = useUnknownWorkspace();
  const seen = useWorkspaces();
  return unknown === undefined ? children : <Unknown name={unknown} seen={seen} />;
}

function Unknown({ name, seen }: { name: string; seen: readonly string[] }) {
  useEffect(() => {
    document.title = "No such workspace · Loom";
  }, []);
  return (
    <LoneCard>
      <h1>There is no workspace “{name}” here for you.</h1>
      <p>Whoever gave you the address may see others than you. You may see:</p>
      <ul>
        {seen.map((workspace) => (
          <li key={workspace}>
            <a href={workspaceAddress(workspace)}>{workspace}</a>
          </li>
        ))}
      </ul>
      <div>
        <SignOut />
      </div>
    </LoneCard>
  );
}
