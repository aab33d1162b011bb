import Foundation
import StreamtopBase
import Testing

@testable import StreamtopCapture

/// Whether this user may capture here; asked once.
private let mayCapture: Bool = {
    do throws(CaptureError) {
        _ = try LiveSource(interfaces: ["lo"])
        return true
    } catch {
        return false
    }
}()

@Suite struct LiveSourceTests {
    @Test func interfacesAreListed() throws {
        let entries = try InterfaceList.entries()
        if let loopback = entries.first(where: { $0.name == "lo" }) {
            #expect(loopback.isLoopback)
            #expect(loopback.addresses.contains(IPAddress(v4: 0x7f00_0001)))
        }
    }

    @Test(.enabled(if: mayCapture, "no permission to capture on lo"))
    func datagramsOnLoopbackAreSeen() throws {
        var options = LiveOptions()
        options.filter = "udp port 47111"
        options.patience = 20
        options.bufferMiB = 4
        let source = try LiveSource(interfaces: ["lo"], options: options)
        let sender = Process()
        sender.executableURL = URL(fileURLWithPath: "/bin/bash")
        sender.arguments = ["-c", "for i in 1 2 3 4 5; do echo streamtop-$i > /dev/udp/127.0.0.1/47111; done; true"]
        try sender.run()
        sender.waitUntilExit()
        var batch = FrameBatch()
        var frames: [ReadFrame] = []
        for _ in 0..<100 where frames.count < 5 {
            _ = try source.read(into: &batch)
            frames += batch.copies
        }
        #expect(frames.count == 5)
        #expect(frames.allSatisfy { $0.link == LinkType.ethernet.rawValue })
        #expect(frames.last?.bytes.suffix(12).elementsEqual(Array("streamtop-5\n".utf8)) == true)
        #expect(source.facts.interfaces.first?.addresses.contains(IPAddress(v4: 0x7f00_0001)) == true)
        #expect(source.problem == nil)
        source.stop()
        #expect(source.facts.drops?.kernel == 0)
        #expect(try source.read(into: &batch) == .ended)
    }

    @Test(.enabled(if: mayCapture, "no permission to capture on lo"))
    func wrongNamesAndFiltersAreToldApart() {
        func code(_ name: String, filter: String? = nil) -> CaptureError.Code? {
            var options = LiveOptions()
            options.filter = filter
            do throws(CaptureError) {
                _ = try LiveSource(interfaces: [name], options: options)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code("nosuch0") == .noSuchInterface)
        #expect(code("lo", filter: "tcp tcp port") == .badFilter)
        #expect(code("any") == nil)
    }
}
