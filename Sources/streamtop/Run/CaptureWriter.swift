import StreamtopBase
import StreamtopCapture

/// `-w`: a pcapng file of what is captured, with the drop counts, and with secrets when that is asked for.
struct CaptureWriter {
    private let writer: PcapngWriter
    private let writesSecrets: Bool

    init(path: String, settings: Settings) throws(ProgramFailure) {
        do throws(CaptureError) {
            writer = try PcapngWriter(path: path, application: "streamtop \(Version.text)")
        } catch {
            throw ProgramFailure(error)
        }
        writesSecrets = settings.writesSecrets
    }

    /// Secrets go before the frames they open, as far as they are known by then.
    mutating func append(
        _ batch: borrowing FrameBatch, secrets: [CapturedSecrets], facts: SourceFacts
    ) throws(ProgramFailure) {
        if writesSecrets { try write(secrets) }
        do throws(CaptureError) { try writer.write(batch, facts: facts) } catch { throw ProgramFailure(error) }
    }

    /// Hands over what is held back, so that others see it while nothing comes in.
    mutating func flush() throws(ProgramFailure) {
        do throws(CaptureError) { try writer.flush() } catch { throw ProgramFailure(error) }
    }

    mutating func finish(facts: SourceFacts) throws(ProgramFailure) {
        do throws(CaptureError) { try writer.finish(facts: facts) } catch { throw ProgramFailure(error) }
    }

    private func write(_ secrets: [CapturedSecrets]) throws(ProgramFailure) {
        do throws(CaptureError) {
            for secret in secrets { try writer.write(secret) }
        } catch {
            throw ProgramFailure(error)
        }
    }
}

/// The packets of one flow, written to a file of its own.
struct FlowRecorder {
    private let match: FlowMatch
    private let writer: PcapngWriter
    private var selection = FrameBatch()

    init(match: FlowMatch, path: String) throws(ProgramFailure) {
        self.match = match
        do throws(CaptureError) {
            writer = try PcapngWriter(path: path, application: "streamtop \(Version.text)")
        } catch {
            throw ProgramFailure(error)
        }
    }

    var packets: UInt64 { writer.frames }

    mutating func append(_ batch: borrowing FrameBatch, facts: SourceFacts) throws(ProgramFailure) {
        match.select(from: batch, into: &selection)
        do throws(CaptureError) { try writer.write(selection, facts: facts) } catch { throw ProgramFailure(error) }
        // The bytes belong to the batch again, so that reading on does not copy them.
        selection.bytes = []
    }

    mutating func finish(facts: SourceFacts) throws(ProgramFailure) {
        do throws(CaptureError) { try writer.finish(facts: facts) } catch { throw ProgramFailure(error) }
    }
}
