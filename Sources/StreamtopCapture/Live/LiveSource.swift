// Unsafe only to lend a local list of descriptors to poll(2).
import Glibc
import StreamtopBase

/// Frames of one or more interfaces as they pass. Reads the monotonic clock, to poll drops and to try again once a second.
package final class LiveSource: FrameSource {
    private struct Interface {
        let name: String
        var handle: LiveHandle?
        var problem: String?
        /// Counts of captures that ended, and of the running one at the last look.
        var past = DropCounts()
        var current = DropCounts()
    }

    package private(set) var facts = SourceFacts()
    private let options: LiveOptions
    private var interfaces: [Interface] = []
    private var nextCheck = ContinuousClock.now
    private var isOver = false

    /// Taken from one interface before the next, and before the analysis. Bytes count as frames do: offload
    /// hands over frames of 64 KiB, and a batch of thousands of them takes longer to fill than the kernel can wait.
    private static let bytesPerTick = 1 << 20
    private static let framesPerCall: Int32 = 128

    /// Opens all interfaces; fails when one cannot be opened.
    package init(interfaces names: [String], options: LiveOptions = LiveOptions()) throws(CaptureError) {
        self.options = options
        facts.isLive = true
        facts.names = names
        for name in names {
            let handle = try LiveHandle(name: name, options: options)
            interfaces.append(Interface(name: name, handle: handle))
            var described = InterfaceFacts(name: name, linkType: handle.linkType, snaplen: options.snaplen)
            described.addresses = InterfaceList.addresses(of: name)
            facts.interfaces.append(described)
        }
    }

    package var problem: String? {
        let words = interfaces.compactMap(\.problem)
        return words.isEmpty ? nil : words.joined(separator: "; ")
    }

    /// Closes the interfaces; the next `read` says `.ended`. Drop counts are brought up to date first.
    package func stop() {
        count()
        for index in interfaces.indices { interfaces[index].handle = nil }
        isOver = true
    }

    package func read(into batch: inout FrameBatch) throws(CaptureError) -> SourceStatus {
        batch.removeAll()
        batch.bytes.removeAll(keepingCapacity: true)
        guard !isOver else { return .ended }
        checkInterfaces()
        if take(into: &batch) { return .frames }
        wait()
        return take(into: &batch) ? .frames : .idle
    }

    private func take(into batch: inout FrameBatch) -> Bool {
        for index in interfaces.indices {
            let end = batch.bytes.count + Self.bytesPerTick
            // Ends: each round but the last adds frames, which have bytes.
            while batch.bytes.count < end, let handle = interfaces[index].handle {
                let taken = handle.drain(into: &batch, interface: UInt32(index), limit: Self.framesPerCall)
                if taken == nil { lose(index, because: handle.failureText) }
                guard taken == Int(Self.framesPerCall) else { break }
            }
        }
        if facts.firstFrame == nil { facts.firstFrame = batch.frames.first?.time }
        return !batch.frames.isEmpty
    }

    private func wait() {
        var descriptors = interfaces.compactMap { interface in
            interface.handle.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        }
        _ = unsafe poll(&descriptors, UInt(descriptors.count), options.patience)
    }

    private func lose(_ index: Int, because text: String) {
        interfaces[index].handle = nil
        interfaces[index].problem = "\(interfaces[index].name): \(text); waiting for it to return"
        interfaces[index].past = total(of: interfaces[index])
        interfaces[index].current = DropCounts()
    }

    /// Once a second: drops are counted, and interfaces that went away are tried again.
    private func checkInterfaces() {
        let now = ContinuousClock.now
        guard now >= nextCheck else { return }
        nextCheck = now + .seconds(1)
        count()
        for index in interfaces.indices where interfaces[index].handle == nil {
            guard let handle = try? LiveHandle(name: interfaces[index].name, options: options) else { continue }
            interfaces[index].handle = handle
            interfaces[index].problem = nil
            facts.interfaces[index].linkType = handle.linkType
            facts.interfaces[index].addresses = InterfaceList.addresses(of: interfaces[index].name)
        }
    }

    package func countDrops() { count() }

    private func count() {
        for index in interfaces.indices {
            if let counts = interfaces[index].handle?.counts { interfaces[index].current = counts }
            facts.interfaces[index].drops = total(of: interfaces[index])
        }
    }

    private func total(of interface: Interface) -> DropCounts {
        DropCounts(
            received: interface.past.received.addingClamped(interface.current.received),
            kernel: interface.past.kernel.addingClamped(interface.current.kernel),
            interface: interface.past.interface.addingClamped(interface.current.interface))
    }
}
