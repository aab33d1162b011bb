import StreamtopBase
import StreamtopCapture
import StreamtopEngine

/// Where an analysis gets its frames: interfaces or files, opened as the settings say.
struct FrameFeed {
    private let source: any FrameSource

    init(_ settings: Settings) throws(ProgramFailure) {
        do throws(CaptureError) {
            source = try FrameFeed.open(settings)
        } catch {
            throw ProgramFailure(error)
        }
    }

    /// Replaces what `batch` holds by the next frames.
    mutating func next(into batch: inout FrameBatch) throws(ProgramFailure) -> SourceStatus {
        do throws(CaptureError) {
            return try source.read(into: &batch)
        } catch {
            throw ProgramFailure(error)
        }
    }

    /// Secrets that the capture itself carries, met since the last call.
    func takeSecrets() -> [CapturedSecrets] { source.takeSecrets() }

    var facts: SourceFacts { source.facts }

    /// What is wrong right now though the source goes on, in words.
    var trouble: String? { source.trouble }

    /// Frames that were dropped before we saw them.
    var drops: CaptureDrops {
        let drops = source.facts.drops ?? DropCounts()
        return CaptureDrops(kernel: drops.kernel, interface: drops.interface)
    }

    private static func open(_ settings: Settings) throws(CaptureError) -> any FrameSource {
        let paths: [String]
        switch settings.input {
        case .files(let names): paths = names
        case .demo: paths = [(try? SharedFiles.demoCapture()) ?? ""]
        case .interfaces(let names):
            throw CaptureError(.noSuchInterface, "\(names.joined(separator: ", ")): live capture is not there yet")
        }
        var options = CaptureFileSource.Options()
        options.follow = settings.follows
        return try CaptureFileSource(path: paths[0], options: options)
    }
}

extension ProgramFailure {
    /// The exit status that the contract has for a fault of the source.
    init(_ error: CaptureError) {
        let status: ExitStatus =
            switch error.code {
            case .permission, .noSuchInterface: .interface
            case .badFilter: .configuration
            case .unreadable, .notACapture, .damaged: .file
            case .live, .writing: .failure
            }
        self.init(status, error.description)
    }
}
