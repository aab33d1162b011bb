import StreamtopBase
import StreamtopCapture
import StreamtopEngine

/// Where an analysis gets its frames: interfaces or files, opened and filtered as the settings say.
struct FrameFeed {
    private let source: any FrameSource
    /// For files; interfaces filter in the kernel.
    private let filter: CaptureFilter?

    init(_ settings: Settings) throws(ProgramFailure) {
        var paths: [String] = []
        switch settings.input {
        case .interfaces: break
        case .files(let names): paths = names
        case .demo: paths = [try SharedFiles.demoCapture()]
        }
        do throws(CaptureError) {
            if case .interfaces(let names) = settings.input {
                source = try LiveSource(interfaces: names, options: FrameFeed.liveOptions(settings))
                filter = nil
            } else {
                // The filter first: a slip in it should not wait for a file.
                filter = if let words = settings.filter { try CaptureFilter(words) } else { nil }
                source = try FrameFeed.files(paths, follows: settings.follows)
            }
        } catch {
            throw ProgramFailure(error)
        }
    }

    /// Replaces what `batch` holds by the next frames; a filter may leave none of them.
    mutating func next(into batch: inout FrameBatch) throws(ProgramFailure) -> SourceStatus {
        do throws(CaptureError) {
            let status = try source.read(into: &batch)
            filter?.apply(to: &batch)
            return status
        } catch {
            throw ProgramFailure(error)
        }
    }

    /// Secrets the capture itself carried, met in the last batch.
    mutating func takeSecrets() -> [CapturedSecrets] { source.takeSecrets() }

    /// Names of hosts the capture itself gave, met in the last batch.
    mutating func takeHostNames() -> [HostName] { source.takeHostNames() }

    var facts: SourceFacts { source.facts }

    /// What is wrong right now though the source goes on, in words.
    var problem: String? { source.problem }

    /// Frames that were dropped before we saw them.
    var drops: CaptureDrops {
        let drops = source.facts.drops ?? DropCounts()
        return CaptureDrops(kernel: drops.kernel, interface: drops.interface)
    }

    /// Addresses of this host on the interfaces.
    var localAddresses: Set<IPAddress> { Set(source.facts.interfaces.flatMap(\.addresses)) }

    private static func liveOptions(_ settings: Settings) -> LiveOptions {
        var options = LiveOptions()
        options.snaplen = settings.snapLength
        options.isPromiscuous = settings.isPromiscuous
        options.bufferMiB = settings.bufferMebibytes
        options.filter = settings.filter
        return options
    }

    private static func files(_ paths: [String], follows: Bool) throws(CaptureError) -> any FrameSource {
        var options = CaptureFileSource.Options()
        options.follow = follows
        var sources: [any FrameSource] = []
        for path in paths { sources.append(try CaptureFileSource(path: path, options: options)) }
        return sources.count == 1 ? sources[0] : MergedSource(sources)
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
            case .overwriting: .usage
            }
        self.init(status, error.description)
    }
}
