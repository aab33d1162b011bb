import StreamtopBase

/// Several sources read as one, in order of time; frames with equal times come in the order the sources were given.
///
/// Each source keeps its own order: a frame that steps backwards within its file comes right after the one before it.
/// A damaged source ends; the others go on, and the first fault is thrown at the very end.
package final class MergedSource: FrameSource {
    private struct Input {
        let source: any FrameSource
        var batch = FrameBatch()
        var next = 0
        var isOver = false
        /// Our number for each of the source's interfaces.
        var numbers: [UInt32] = []
    }

    private var inputs: [Input]
    private var interfaces: [(input: Int, local: Int)] = []
    private var secrets: [CapturedSecrets] = []
    private var fault: CaptureError?

    /// Frames given out in one batch at most; each is copied once.
    private static let framesPerBatch = 2048

    package init(_ sources: [any FrameSource]) {
        inputs = sources.map { Input(source: $0) }
    }

    /// The facts of all sources; interfaces are numbered in the order they were met.
    package var facts: SourceFacts {
        var all = SourceFacts()
        let each = inputs.map(\.source.facts)
        for one in each {
            all.names += one.names
            all.isLive = all.isLive || one.isLive
            all.comments = all.comments.addingClamped(one.comments)
            all.untimedFrames = all.untimedFrames.addingClamped(one.untimedFrames)
            if let first = one.firstFrame { all.firstFrame = min(all.firstFrame ?? first, first) }
            all.writer = all.writer ?? one.writer
        }
        all.interfaces = interfaces.map { each[$0.input].interfaces[$0.local] }
        return all
    }

    package var problem: String? { inputs.lazy.compactMap { $0.source.problem }.first }

    package func takeSecrets() -> [CapturedSecrets] {
        defer { secrets = [] }
        return secrets
    }

    package func takeHostNames() -> [HostName] { inputs.flatMap { $0.source.takeHostNames() } }

    package func read(into batch: inout FrameBatch) throws(CaptureError) -> SourceStatus {
        batch.removeAll()
        batch.bytes.removeAll(keepingCapacity: true)
        while batch.frames.count < Self.framesPerBatch {
            for index in inputs.indices where !refill(index) {
                // Without the next frame of each source nobody can say which comes first.
                return batch.frames.isEmpty ? .idle : .frames
            }
            guard let earliest = earliestInput else { break }
            take(from: earliest, into: &batch)
        }
        if !batch.frames.isEmpty { return .frames }
        if let fault {
            self.fault = nil
            throw fault
        }
        return .ended
    }

    /// Makes sure the input has a frame at hand or is over; false when it has none for now.
    private func refill(_ index: Int) -> Bool {
        while !inputs[index].isOver, inputs[index].next >= inputs[index].batch.frames.count {
            let status: SourceStatus
            inputs[index].next = 0
            do throws(CaptureError) {
                status = try inputs[index].source.read(into: &inputs[index].batch)
            } catch {
                fault = fault ?? error
                inputs[index].isOver = true
                return true
            }
            number(index)
            // Secrets come early rather than late: before every frame not yet given out.
            secrets += inputs[index].source.takeSecrets().map {
                CapturedSecrets(kind: $0.kind, bytes: $0.bytes, beforeFrame: 0)
            }
            switch status {
            case .ended: inputs[index].isOver = true
            case .idle: return false
            case .frames: continue
            }
        }
        return true
    }

    private func number(_ index: Int) {
        let known = inputs[index].source.facts.interfaces.count
        while inputs[index].numbers.count < known {
            let local = inputs[index].numbers.count
            inputs[index].numbers.append(UInt32(interfaces.count))
            interfaces.append((index, local))
        }
    }

    private var earliestInput: Int? {
        var best: (index: Int, time: Timestamp)?
        for index in inputs.indices where inputs[index].next < inputs[index].batch.frames.count {
            let time = inputs[index].batch.frames[inputs[index].next].time
            if let known = best, known.time <= time { continue }
            best = (index, time)
        }
        return best?.index
    }

    private func take(from index: Int, into batch: inout FrameBatch) {
        var frame = inputs[index].batch.frames[inputs[index].next]
        let start = batch.bytes.count
        batch.bytes.append(contentsOf: inputs[index].batch.bytes[frame.offset..<(frame.offset + frame.capturedLength)])
        frame.offset = start
        let local = Int(frame.interface)
        frame.interface = local < inputs[index].numbers.count ? inputs[index].numbers[local] : 0
        batch.frames.append(frame)
        inputs[index].next += 1
    }
}
