import StreamtopBase

/// Where frames come from: a file, several, or the network. Used by one thread.
package protocol FrameSource: AnyObject {
    /// Replaces what `batch` holds by the next frames. Blocks for a fraction of a second at most, then says `.idle`.
    ///
    /// A fault is thrown when everything before it has been delivered; after `.ended` or an error the source gives
    /// nothing more (a live source that recovers says so in `problem` instead of throwing).
    func read(into batch: inout FrameBatch) throws(CaptureError) -> SourceStatus

    /// What is known about the source so far.
    var facts: SourceFacts { get }

    /// Secrets met while the last batches were filled, each once. Ask after every `read`, before using the frames.
    func takeSecrets() -> [CapturedSecrets]

    /// Names of hosts met since the last call, each once.
    func takeHostNames() -> [HostName]

    /// What is wrong right now though the source goes on, in words; nil when it is well.
    var problem: String? { get }
}

extension FrameSource {
    package var problem: String? { nil }
    package func takeSecrets() -> [CapturedSecrets] { [] }
    package func takeHostNames() -> [HostName] { [] }
}
