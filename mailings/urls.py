"""Addresses of mailings."""

from django.urls import path

from mailings.views import content, domains, library, online, reports, returned, sending, wizard

app_name = "mailings"
urlpatterns = [
    path("mailings/", library.index, name="list"),
    path("mailings/new/", library.new, name="new"),
    path("mailings/picked/", library.bulk, name="bulk"),
    path("mailings/<int:pk>/duplicate/", library.duplicate, name="duplicate"),
    path("mailings/<int:pk>/delete/", library.delete, name="delete"),
    path("mailings/<int:pk>/restore/", library.restore, name="restore"),
    path("selections/<int:pk>/mailings/", library.of_selection, name="of_selection"),
    path("projects/<int:pk>/mailings/", library.of_project, name="of_project"),
    path("people/<int:pk>/mailings/", library.of_person, name="of_person"),
    # the wizard
    path("mailings/<int:pk>/setup/", wizard.setup, name="setup"),
    path("mailings/<int:pk>/template/", content.template, name="template"),
    path("mailings/<int:pk>/content/", content.edit, name="content"),
    path("mailings/<int:pk>/content/back/", content.put_back, name="content_back"),
    path("mailings/<int:pk>/preview/", content.preview, name="preview"),
    path("mailings/<int:pk>/preview/people/", content.preview_people, name="preview_people"),
    path("mailings/<int:pk>/test/", content.test, name="test"),
    path("mailings/starters/<slug:code>/<slug:language>/", content.starter, name="starter"),
    path("mailings/<int:pk>/recipients/", wizard.recipients, name="recipients"),
    path("mailings/<int:pk>/recipients/count/", wizard.recipients_count, name="recipients_count"),
    path("mailings/<int:pk>/recipients/options/", wizard.options, name="recipients_options"),
    path("mailings/<int:pk>/sources/", wizard.source_choices, name="source_choices"),
    path("mailings/<int:pk>/sources/add/", wizard.source_add, name="source_add"),
    path("mailings/<int:pk>/sources/remove/", wizard.source_remove, name="source_remove"),
    path("mailings/<int:pk>/confirm/", wizard.confirm, name="confirm"),
    # on its way
    path("mailings/<int:pk>/", sending.detail, name="detail"),
    path("mailings/<int:pk>/progress/", sending.live, name="progress"),
    path("mailings/<int:pk>/send/", sending.send, name="send"),
    path("mailings/<int:pk>/schedule/", sending.schedule, name="schedule"),
    path("mailings/<int:pk>/unschedule/", sending.unschedule, name="unschedule"),
    path("mailings/<int:pk>/pause/", sending.pause, name="pause"),
    path("mailings/<int:pk>/resume/", sending.resume, name="resume"),
    path("mailings/<int:pk>/cancel/", sending.cancel, name="cancel"),
    path("mailings/<int:pk>/undo/", sending.undo, name="undo"),
    path("mailings/<int:pk>/at-once/", sending.at_once, name="at_once"),
    path("mailings/<int:pk>/approve/", sending.approve, name="approve"),
    path("mailings/<int:pk>/resend/", sending.resend, name="resend"),
    path("mailings/<int:pk>/sending/", sending.options, name="sending_options"),
    # what came of it
    path("mailings/<int:pk>/summary/", reports.summary, name="summary"),
    path("mailings/<int:pk>/messages/", reports.messages, name="messages"),
    path("mailings/<int:pk>/messages/<int:number>/", reports.message, name="message"),
    path("mailings/<int:pk>/links/", reports.links, name="links"),
    path("mailings/<int:pk>/bounces/", reports.bounced, name="bounces"),
    path("mailings/<int:pk>/as-sent/", reports.as_sent, name="as_sent"),
    path("mailings/<int:pk>/follow-up/", reports.follow_up, name="follow_up"),
    path("reports/", reports.index, name="reports"),
    path("bounces/", returned.index, name="returned"),
    path("bounces/follow-up/", returned.follow_up, name="returned_follow_up"),
    path("bounces/<int:number>/", returned.one, name="returned_one"),
    path("bounces/<int:number>/correct/", returned.correct, name="returned_correct"),
    path("bounces/<int:number>/handle/", returned.handle, name="returned_handle"),
    path("bounces/done/<int:pk>/undo/", returned.undo, name="returned_undo"),
    # settings
    path("settings/domains/", domains.index, name="domains"),
    path("settings/domains/<int:pk>/", domains.one, name="domain"),
    path("settings/domains/<int:pk>/check/", domains.check, name="domain_check"),
    path("settings/domains/<int:pk>/keys/", domains.make_keys, name="domain_keys"),
    path("settings/domains/<int:pk>/sign/", domains.start_signing, name="domain_sign"),
    path("settings/domains/<int:pk>/forget/", domains.forget, name="domain_forget"),
    path("settings/domains/<int:pk>/remove/", domains.remove, name="domain_remove"),
    # for readers
    path("v/<str:token>/", online.view_online, name="view_online"),
]
