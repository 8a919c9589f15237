// Monaco's own client for the language server protocol, as one connection that can be ended: the library's has no end of
// its own, and without one each reconnection would offer every completion once more.
import * as monaco from "monaco-editor/editor";
import { MonacoLspClient } from "monaco-lsp";
import { prepared } from "./sources";
import { Transport } from "./transport";

interface Disposable {
  dispose(): void;
}

/** The library's parts that have to go; private to it, hence its version is pinned. */
interface Parts {
  _bridge: Disposable & { _managedModels: Map<unknown, Disposable> };
}

/** The owner of its marks, in every model. */
const OWNER = "lsp";

export class LanguageClient extends MonacoLspClient {
  // Set while the base class is made: an initialiser would undo it.
  declare private features: Disposable;

  constructor(socket: WebSocket, scriptId: string) {
    super(
      new Transport(socket, (files) => prepared(scriptId, files)) as unknown as ConstructorParameters<
        typeof MonacoLspClient
      >[0],
    );
  }

  protected override createFeatures(): Disposable {
    this.features = super.createFeatures();
    return this.features;
  }

  end() {
    const { _bridge: bridge } = this as unknown as Parts;
    this.features.dispose();
    bridge.dispose();
    for (const model of bridge._managedModels.values()) model.dispose();
    bridge._managedModels.clear();
    monaco.editor.removeAllMarkers(OWNER);
  }
}
