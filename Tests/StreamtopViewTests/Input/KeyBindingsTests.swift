import StreamtopBase
import Testing

@testable import StreamtopView

@Suite struct KeyBindingsTests {
    @Test func noKeyMeansTwoThingsInOnePlace() {
        for scope in KeyBinding.Scope.allCases {
            let keys = KeyBindings.all.filter { $0.scope == scope }.flatMap(\.keys)
            #expect(Set(keys).count == keys.count, "\(scope)")
        }
    }

    @Test func everyEntryIsShownOrBelongsToOne() {
        for scope in KeyBinding.Scope.allCases {
            var hasEntry = false
            for binding in KeyBindings.all where binding.scope == scope {
                if binding.help != nil { hasEntry = true }
                #expect(hasEntry, "\(binding.action) has nothing to belong to")
                #expect(binding.help == nil || !binding.displayed.isEmpty)
            }
        }
    }
}
